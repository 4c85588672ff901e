#!lua
-- Runs write commands on fields of one object and keeps their indexes: all of it, or nothing.
--
-- KEYS   the set of primary keys; the last automatic one if the object has none yet
-- ARGV   the primary key, or '' if there is none; and commands (see lua/library/scalar_commands.lua)
-- Reply  'ok', the primary key or false if none
--        was needed, the replies of the commands; or 'gone', 'unique', 'unindexable', 'transform', 'error' (see
--        lua/library/journal.lua)
-- @guarded
-- @requires abort atomically call index_updates mint refuse run_scalar_commands subject_key

return atomically(function()
  local pk = ARGV[1]
  if KEYS[2] then
    pk = mint()
  else
    subject_key = KEYS[1]
    if call('SISMEMBER', KEYS[1], pk) == 0 then
      refuse('gone')
    end
  end

  local outcome = { 'ok', pk }
  local stored_any = run_scalar_commands(pk, 2, #ARGV, outcome, false, KEYS[2])
  if index_updates then
    index_updates.follow_composites()
  end
  if KEYS[2] and not stored_any then
    outcome[2] = false
    abort(outcome)
  end
  return outcome
end)
