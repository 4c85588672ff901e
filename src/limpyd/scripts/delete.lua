#!lua flags=allow-oom
-- Deletes an object: values, indexes and membership.
--
-- KEYS   the set of primary keys
-- ARGV   the primary key; the catalog of the model; what the model looks like (see library/deleting)
-- Reply  'ok'; or 'gone', 'undeclared', 'asked', 'error' (see library/atomic)
-- @guarded
-- @requires asked atomically forget refuse unlink_all

return atomically(function()
  if not forget(KEYS[1], ARGV[1], 3, #ARGV, ARGV[2]) then
    refuse('gone')
  end
  if asked then
    return -- what follows cannot be taken back
  end
  unlink_all(ARGV[1], 3, ARGV[2])
  return { 'ok' }
end)
