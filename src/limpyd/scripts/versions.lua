#!lua flags=no-writes
-- Lists the parts that an object has a version for in a dynamic field (see lua/library/dynamic_parts.lua). An expired
-- version is still in the inventory; it is left out.
--
-- KEYS   1  the set of primary keys
-- ARGV   1  the primary key
--        2  '1' if the object must exist, else '0'
--        3  the dynamic field
--        4… a cursor and options of SSCAN; or '' for all parts
-- Reply  'ok', the next cursor, and parts; or 'gone', 'error' (see lua/library/journal.lua)
-- @requires call inventory_of version_locator

local key = KEYS[1]

local function versions()
  local pk, place = ARGV[1], version_locator(ARGV[3], ARGV[1])
  if ARGV[2] == '1' and call('SISMEMBER', KEYS[1], pk) == 0 then
    return { 'gone' }
  end
  key = inventory_of(ARGV[3], pk)
  local found = ARGV[4] == '' and { '0', call('SMEMBERS', key) } or call('SSCAN', key, unpack(ARGV, 4))
  local reply, sub, exists = { 'ok', found[1] }, nil, nil
  for _, part in ipairs(found[2]) do
    key, sub = place(part)
    exists = sub == '' and call('EXISTS', key) or sub ~= '' and call('HEXISTS', key, sub)
    if exists == 1 then
      reply[#reply + 1] = part
    end
  end
  return reply
end

local done, reply = pcall(versions)
if done then
  return reply
end
return { 'error', type(reply) == 'table' and reply.err or tostring(reply), key, call('TYPE', key).ok }
