#!lua
-- Gives several fields of an object new values: all of them, or none.
--
-- KEYS   the set of primary keys
-- ARGV   the primary key; the fields, and what of the object (see lua/library/assign.lua)
-- Reply  'ok', its new version or false; or 'gone', 'stale', 'unique', 'unindexable', 'transform', 'error' (see
--        lua/library/journal.lua)
-- @guarded
-- @requires assign atomically read_fields

return atomically(function()
  return { 'ok', assign(ARGV[1], read_fields(2)) }
end)
