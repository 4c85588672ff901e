#!lua
-- Sets the deadline of an object, if a condition is met.
--
-- KEYS   1  the set of primary keys
-- ARGV   1  the primary key
--        2  the condition: NX, XX, GT or LT
--        3  the key of the present deadline, and in it
--        4  the sub-key
--        5  the new deadline
--        6… the command that sets it (see lua/library/scalar_commands.lua)
-- Reply  'ok', and 1 if it was set, else 0; or 'gone', 'error' (see lua/library/journal.lua)
-- @guarded
-- @requires atomically call current_key refuse run_scalar_commands

return atomically(function()
  current_key = KEYS[1]
  if call('SISMEMBER', KEYS[1], ARGV[1]) == 0 then
    refuse('gone')
  end
  current_key = ARGV[3]
  local condition, before, after = ARGV[2], call('HGET', ARGV[3], ARGV[4]), tonumber(ARGV[5])
  local met
  if condition == 'NX' then
    met = not before
  elseif condition == 'LT' then
    met = not before or after < tonumber(before)
  else
    met = before and (condition == 'XX' or after > tonumber(before))
  end
  if met then
    run_scalar_commands(ARGV[1], 6, #ARGV, {}, false)
  end
  return { 'ok', met and 1 or 0 }
end)
