#!lua flags=no-writes
-- Finds the keys of an object that exist.
--
-- KEYS   1  the set of primary keys
--        2… the keys to look for
-- ARGV   1  the primary key, if the object must exist; else ''
--        2  the primary key, if the model has dynamic fields
--        3… its dynamic fields (see lua/library/dynamic_parts.lua)
-- Reply  'ok', the keys that exist, in the same order, then those of dynamic fields; or 'gone'
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
