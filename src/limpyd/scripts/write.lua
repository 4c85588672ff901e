#!lua
-- Runs write commands on fields of one object and keeps their indexes: all of it, or nothing.
--
-- KEYS   the set of primary keys; the last automatic one if the object has none yet
-- ARGV   the primary key, or '' if there is none; and commands (see library/steps)
-- Reply  'ok', the primary key or false if none
--        was needed, the replies of the commands; or 'gone', 'unique', 'unindexable', 'asked', 'error' (see library/atomic)
-- @guarded
-- @requires atomically call mint refuse run_steps subject_key take_back upkeep

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
  local stored_any = run_steps(pk, 2, #ARGV, outcome, false, KEYS[2])
  if upkeep then
    upkeep.follow_composites()
  end
  if KEYS[2] and not stored_any then
    outcome[2] = false
    take_back(outcome)
  end
  return outcome
end)
