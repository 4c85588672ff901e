#!lua
-- Creates an object: primary key, membership, values and indexes.
--
-- KEYS, ARGV  the object (see lua/library/create.lua)
-- Reply       'ok', primary key; or 'taken', 'unique', 'error'
--             (see lua/library/journal.lua)
-- @guarded
-- @requires atomically create

return atomically(function()
  return { 'ok', create(1) }
end)
