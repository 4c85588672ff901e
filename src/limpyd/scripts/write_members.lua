#!lua
-- Runs write commands on fields of any type, several at once if need be, which their indexes follow. All or nothing.
-- For fields of one value scripts/write.lua does the same with less.
--
-- The statement compiled for a model is statements/lua/change_members.lua.
--
-- KEYS   the set of primary keys of the object; the last automatic primary key; the sets of primary keys of the other
--        objects; a key of each slot that is only read
-- ARGV   1  '1' if the object has no primary key yet
--        2  its primary key
--        3  a count of other objects, and for each:
--             set  the position of its set of primary keys in KEYS; or the set itself, if it is in another slot
--             pk   its primary key
--        …  the commands (see lua/library/member_commands.lua), whose owners are 0, the object, or one of the others
-- Reply  'ok', the primary key or false if none was needed, the replies of the commands; or 'gone', 'unique',
--        'unindexable', 'transform', 'error' (see lua/library/journal.lua)
-- @guarded
-- @requires abort atomically call current_key in_transaction index_updates mint refuse run_member_commands

return atomically(function()
  local pks, sets = { [0] = ARGV[2] }, { [0] = KEYS[1] }
  local new = ARGV[1] == '1'
  if new then
    pks[0] = mint()
  else
    current_key = KEYS[1]
    if call('SISMEMBER', KEYS[1], ARGV[2]) == 0 then
      refuse('gone', 0)
    end
  end
  local others = tonumber(ARGV[3])
  local at = 4 + 2 * others
  for number = 1, others do
    local set = KEYS[tonumber(ARGV[2 + 2 * number])] or ARGV[2 + 2 * number]
    current_key = set
    pks[number], sets[number] = ARGV[3 + 2 * number], set
    if call('SISMEMBER', set, pks[number]) == 0 then
      refuse('gone', number)
    end
  end

  local outcome = { 'ok', pks[0] }
  local stored_any = run_member_commands(pks, at, #ARGV, outcome, in_transaction, new, sets)
  if index_updates then
    index_updates.follow_composites()
  end
  if new and not stored_any then
    outcome[2] = false
    abort(outcome)
  end
  return outcome
end)
