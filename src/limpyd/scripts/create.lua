#!lua
-- Creates an object: primary key, membership, values and indexes.
--
-- The statement compiled for a model is statements/lua/create.lua.
--
-- KEYS, ARGV  the object (see lua/library/create.lua)
-- Reply       'ok', primary key; or 'taken', 'unique', 'absent', 'occupied', 'error' (see lua/library/journal.lua)
-- @guarded
-- @requires atomically create

return atomically(function()
  return { 'ok', create(1) }
end)
