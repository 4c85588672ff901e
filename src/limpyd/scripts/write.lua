#!lua
-- Runs write commands on fields of one value of an object, which their indexes follow. All or nothing.
--
-- The statements compiled for a model are statements/lua/write.lua, statements/lua/scalar_command.lua and
-- statements/lua/plain_write.lua.
--
-- KEYS   1  the set of primary keys
--        2  the last automatic primary key, if the object has no primary key yet
-- ARGV   1  the primary key, or '' if it has none
--        2… the commands (see lua/library/scalar_commands.lua)
-- Reply  'ok', the primary key or false if none was needed, the replies of the commands; or 'gone', 'unique',
--        'unindexable', 'transform', 'error' (see lua/library/journal.lua)
-- @guarded
-- @requires abort atomically call current_key index_updates mint refuse run_scalar_commands

return atomically(function()
  local pk = ARGV[1]
  if KEYS[2] then
    pk = mint()
  else
    current_key = KEYS[1]
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
