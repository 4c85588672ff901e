#!lua flags=no-writes
-- Tells of which parts an object has a version of a dynamic field (see library/parts). A version that has expired is in the
-- inventory still, and is left out.
--
-- KEYS   the set of primary keys
-- ARGV   the primary key; '1' if the object must exist, else '0'; the dynamic field; a cursor of SSCAN, or '' for all
--        parts; and the options of SSCAN
-- Reply  'ok', the next cursor, and parts; or 'gone'
-- @requires call inventory_of placing

local pk, place = ARGV[1], placing(ARGV[3], ARGV[1])
if ARGV[2] == '1' and call('SISMEMBER', KEYS[1], pk) == 0 then
  return { 'gone' }
end
local inventory = inventory_of(ARGV[3], pk)
local found = ARGV[4] == '' and { '0', call('SMEMBERS', inventory) } or call('SSCAN', inventory, unpack(ARGV, 4))
local reply = { 'ok', found[1] }
for _, part in ipairs(found[2]) do
  local key, sub = place(part)
  local there = sub == '' and call('EXISTS', key) or sub ~= '' and call('HEXISTS', key, sub)
  if there == 1 then
    reply[#reply + 1] = part
  end
end
return reply
