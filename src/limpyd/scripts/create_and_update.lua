#!lua
-- Creates an object, and then gives it some more values: those that are results of earlier steps of a transaction, of which
-- Python cannot make index entries.
--
-- KEYS   as for scripts/create.lua
-- ARGV   1… the fields, then the new values (see lua/library/assign.lua)
--        …  the object (see lua/library/create.lua)
-- Reply  'ok', primary key; or as scripts/create.lua and scripts/update.lua. The number of 'unique' and 'absent' counts
--        the fields first, then the entries of the object.
-- @guarded
-- @requires after_object assign atomically create read_fields

return atomically(function()
  local values = read_fields(1)
  local pk = create(after_object(values), tonumber(ARGV[3]))
  assign(pk, values)
  return { 'ok', pk }
end)
