#!lua
-- Has objects refer to one by a field of one value, or no longer: all of them, or none.
--
-- KEYS   the set of primary keys of those who refer; that of the object they refer to, unless it is in another slot
-- ARGV   that set; the primary key of that object; '1' if they are to refer to it, else '0'; a count of those who
--        refer, and their primary keys; the command that makes it so (see lua/library/scalar_commands.lua)
-- Reply  'ok', how many were changed; or 'gone', which of them, or 0 for the object they refer to; 'unique',
--        'unindexable', 'transform', 'error' (see lua/library/journal.lua)
-- @guarded
-- @requires atomically call index_updates key_from_template read_value refuse run_scalar_commands subject_key

return atomically(function()
  local referred, refers, last = ARGV[2], ARGV[3] == '1', 4 + ARGV[4]
  subject_key = ARGV[1]
  if call('SISMEMBER', ARGV[1], referred) == 0 then
    refuse('gone', 0)
  end
  for at = 5, last do
    subject_key = KEYS[1]
    if call('SISMEMBER', KEYS[1], ARGV[at]) == 0 then
      refuse('gone', at - 4)
    end
  end

  local changed = 0
  for at = 5, last do
    local before = read_value(ARGV[last + 2], key_from_template(ARGV[last + 1], ARGV[at]), ARGV[last + 3])
    if (before == referred) ~= refers then
      run_scalar_commands(ARGV[at], last + 1, #ARGV, {}, true)
      changed = changed + 1
    end
  end
  if index_updates then
    index_updates.follow_composites()
  end
  return { 'ok', changed }
end)
