#!lua flags=allow-oom
-- Removes a reference to an object that does not exist from a field, as the deletion of that object would have done.
--
-- KEYS   1  the set of primary keys
-- ARGV   1  the primary key of the object that refers
--        2  the primary key that it refers to
--        3  the kind of the check of the reference, and its key (see lua/library/index_kinds.lua)
--        5  the prefix of the field's key
--        6  how the field is stored
--        7  its sub-key, or ''
--        8  'one' or 'many' references
--        9… the command that clears the field (see lua/library/scalar_commands.lua); if it has many, the command that
--           removes a member (see lua/library/member_commands.lua), whose last argument is '' for the primary key
-- Reply  'ok', 1 if the reference was removed, 0 if there is none any more; or an outcome of a write (see
--        lua/library/journal.lua)
-- @guarded
-- @requires atomically call current_key index_kind index_updates key_from_template read_value run_member_commands
-- @requires run_scalar_commands

return atomically(function()
  local pk, referred, kind, target, prefix, stored, sub, many = unpack(ARGV, 1, 8)
  current_key = key_from_template(prefix, pk)
  local refers = many == 'one' and read_value(stored, key_from_template(prefix, pk), sub) == referred
  if many == 'many' then
    refers = true -- to take out what is not there does nothing
  end
  if not refers or call('SISMEMBER', KEYS[1], pk) == 0 or index_kind(kind).has(target, referred, pk) then
    return { 'ok', 0 }
  end
  local outcome = {}
  if many == 'many' then
    ARGV[#ARGV] = referred
    run_member_commands({ [0] = pk }, 9, #ARGV, outcome, true)
  else
    run_scalar_commands(pk, 9, #ARGV, outcome, true)
  end
  if index_updates then
    index_updates.follow_composites()
  end
  return { 'ok', tonumber(outcome[3]) or 0 }
end)
