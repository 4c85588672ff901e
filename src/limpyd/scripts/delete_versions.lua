#!lua flags=allow-oom
-- Removes all versions of a dynamic field (see lib/parts) of an object, and their index entries.
--
-- KEYS   the set of primary keys
-- ARGV   the primary key; and the field as lib/deleting knows an indexed field with keys of its own
-- Reply  'ok', how many there were; or 'gone', 'asked', 'error' (see lib/atomic)
-- @guarded
-- @include atomic values remove_entry upkeep look_at_all records deleting

return atomically(function()
  local pk, removed = ARGV[1], 0
  subject_key = KEYS[1]
  if call('SISMEMBER', KEYS[1], pk) == 0 then
    refuse('gone')
  end
  subject_key = inventory_of(ARGV[2], pk)
  forget_values(2, #ARGV, pk)
  if asked then
    return -- what follows cannot be taken back
  end
  each_version(ARGV[2], pk, function(key, sub)
    if sub ~= '' then
      subject_key = key
      local value = call('HGET', key, sub)
      local expires = value and goes_on and expiry_of('entry', key, sub)
      removed = removed + call('HDEL', key, sub)
      undo_write('entry', key, sub, value, expires)
    end
  end)
  removed = removed + unlink_versions(ARGV[2], pk)
  return { 'ok', removed }
end)
