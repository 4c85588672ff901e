#!lua flags=allow-oom
-- Deletes an object: values, indexes and membership.
--
-- KEYS   the set of primary keys
-- ARGV   the primary key; how much may be changed at the most (see lua/library/changes.lua), or ''; the catalog of the
--        model; what the model looks like (see lua/library/unindex_object.lua)
-- Reply  'ok'; or 'gone', 'large', 'undeclared', 'transform', 'error' (see lua/library/journal.lua)
-- @guarded
-- @requires atomically call limit_changes make_deletion_count refuse subject_key transform_request unindex_object
-- @requires unlink_object

return atomically(function()
  limit_changes(ARGV[2])
  subject_key = KEYS[1]
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
