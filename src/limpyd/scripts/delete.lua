#!lua flags=allow-oom
-- Deletes an object: values, indexes and membership.
--
-- The statement compiled for a model is statements/lua/delete.lua.
--
-- KEYS   1  the set of primary keys
-- ARGV   1  the primary key
--        2  the most changes (see lua/library/changes.lua), or ''
--        3  the catalog of the model
--        4… the keys and indexes of its objects (see lua/library/unindex_object.lua)
-- Reply  'ok'; or 'gone', 'large', 'undeclared', 'transform', 'error' (see lua/library/journal.lua)
-- @guarded
-- @requires atomically call current_key limit_changes make_deletion_count refuse transform_request unindex_object
-- @requires unlink_object

return atomically(function()
  limit_changes(ARGV[2])
  current_key = KEYS[1]
  if call('SISMEMBER', KEYS[1], ARGV[1]) == 0 then
    refuse('gone')
  end
  make_deletion_count(4, #ARGV)(ARGV[1])
  unindex_object(KEYS[1], ARGV[1], 4, #ARGV, ARGV[3])
  if transform_request then
    return -- what follows cannot be taken back
  end
  unlink_object(ARGV[1], 4, ARGV[3])
  return { 'ok' }
end)
