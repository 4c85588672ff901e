#!lua flags=no-writes
-- Runs a read command on an object whose existence is not known yet.
--
-- KEYS   the set of primary keys; the key to read
-- ARGV   primary key; the command; the arguments that follow its key
-- Reply  'ok', the reply of the command; or 'gone', 'error' (see lib/atomic)
-- @include atomic

return atomically(function()
  subject_key = KEYS[1]
  if call('SISMEMBER', KEYS[1], ARGV[1]) == 0 then
    refuse('gone')
  end
  subject_key = KEYS[2]
  return { 'ok', call(ARGV[2], KEYS[2], unpack(ARGV, 3)) }
end)
