#!lua flags=allow-oom
-- Deletes an object that others may refer to, with the consequences.
--
-- KEYS   1  the set of primary keys
-- ARGV   1  the primary key
--        2… the models concerned (see lua/library/cascade.lua)
-- Reply  'ok'; or 'gone', 'restricted', 'undeclared', 'transform', 'error' (see lua/library/journal.lua)
-- @guarded
-- @requires atomically delete_objects read_models refuse unlink_deleted

return atomically(function()
  if delete_objects({ ARGV[1] }, read_models(2)) == 0 then
    refuse('gone')
  end
  unlink_deleted()
  return { 'ok' }
end)
