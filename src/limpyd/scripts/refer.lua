#!lua
-- Sets a reference to one object in fields of others, or clears it: in all of them, or in none.
--
-- KEYS   1  the set of primary keys of the objects that refer
--        2  the set of primary keys of the object referred to, unless it is in another slot
-- ARGV   1  the set of primary keys of the object referred to; '' if it is in another partition
--        2  its primary key
--        3  '1' to set the reference, '0' to clear it
--        4  a count of objects that refer, and their primary keys
--        …  the command that sets or clears it (see lua/library/scalar_commands.lua)
-- Reply  'ok', the number of objects changed; or 'gone' and the position of the absent object, 0 for the one referred
--        to;
--        or 'unique', 'unindexable', 'transform', 'error' (see lua/library/journal.lua)
-- @guarded
-- @requires atomically call current_key index_updates key_from_template read_value refuse run_scalar_commands

return atomically(function()
  local referred, refers, last = ARGV[2], ARGV[3] == '1', 4 + ARGV[4]
  current_key = ARGV[1]
  if current_key ~= '' and call('SISMEMBER', current_key, referred) == 0 then
    refuse('gone', 0)
  end
  for at = 5, last do
    current_key = KEYS[1]
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
