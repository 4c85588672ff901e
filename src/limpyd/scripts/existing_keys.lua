#!lua flags=no-writes
-- Tells which keys of an object exist.
--
-- KEYS   the set of primary keys, and keys
-- ARGV   the primary key if the object must exist, else ''; and, if there are any, the primary key and the dynamic
--        fields of the model (see lua/library/dynamic_parts.lua)
-- Reply  'ok' and those of the keys that exist, in the same order, and those of dynamic fields; or 'gone'
-- @requires call each_version inventory_of unless_mistyped

if ARGV[1] ~= '' and call('SISMEMBER', KEYS[1], ARGV[1]) == 0 then
  return { 'gone' }
end
local existing = { 'ok' }
local function note(key)
  if call('EXISTS', key) == 1 then
    existing[#existing + 1] = key
  end
end

for at = 2, #KEYS do
  note(KEYS[at])
end
for at = 3, #ARGV do
  note(inventory_of(ARGV[at], ARGV[2]))
  unless_mistyped(each_version, ARGV[at], ARGV[2], function(key, sub)
    if sub == '' then
      note(key)
    end
  end)
end
return existing
