#!lua
-- Creates an object: primary key, membership, values and indexes.
--
-- KEYS, ARGV  the object (see library/create)
-- Reply       'ok', primary key; or 'taken', 'unique', 'error'
--             (see library/journal)
-- @guarded
-- @requires atomically create

return atomically(function()
  return { 'ok', create(1) }
end)
