#!lua flags=allow-oom
-- Takes a reference to an object that is not there out of a field, as the deletion of that object would have done.
--
-- KEYS   the set of primary keys
-- ARGV   the primary key of the object; whom it refers to; the set of primary keys of those; of the field the prefix of
--        its keys, how it is stored and the sub-key; 'one' or 'many'; and the command that clears the field (see
--        lua/library/scalar_commands.lua, lua/library/member_commands.lua), the last argument of which is '' for the
--        primary key where it holds many
-- Reply  'ok', 1 if it was taken out, or 0 if it refers so no more; or an outcome of a write (see
--        lua/library/journal.lua)
-- @guarded
-- @requires atomically call index_updates key_from_template read_value run_member_commands run_scalar_commands
-- @requires subject_key

return atomically(function()
  local pk, referred, target, prefix, stored, sub, many = unpack(ARGV, 1, 7)
  subject_key = key_from_template(prefix, pk)
  local there = many == 'one' and read_value(stored, key_from_template(prefix, pk), sub) == referred
  if many == 'many' then
    there = true -- to take out what is not there does nothing
  end
  if not there or call('SISMEMBER', KEYS[1], pk) == 0 or call('SISMEMBER', target, referred) == 1 then
    return { 'ok', 0 }
  end
  local outcome = {}
  if many == 'many' then
    ARGV[#ARGV] = referred
    run_member_commands({ [0] = pk }, 8, #ARGV, outcome, true)
  else
    run_scalar_commands(pk, 8, #ARGV, outcome, true)
  end
  if index_updates then
    index_updates.follow_composites()
  end
  return { 'ok', tonumber(outcome[3]) or 0 }
end)
