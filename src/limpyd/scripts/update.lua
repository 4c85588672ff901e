#!lua
-- Gives several fields of an object new values: all of them, or none.
--
-- The statement compiled for a model is statements/lua/write.lua.
--
-- KEYS   1  the set of primary keys
-- ARGV   1  the primary key
--        2… the fields, then the new values (see lua/library/assign.lua)
-- Reply  'ok', its new version or false; or 'gone', 'stale', 'unique', 'unindexable', 'transform', 'error' (see
--        lua/library/journal.lua)
-- @guarded
-- @requires assign atomically read_fields

return atomically(function()
  return { 'ok', assign(ARGV[1], read_fields(2)) }
end)
