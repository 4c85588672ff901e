#!lua
-- Runs write commands on fields of one object and keeps their indexes: all of it, or nothing.
--
-- KEYS   the set of primary keys; the last automatic one if the object has none yet
-- ARGV   the primary key, or '' if there is none; and commands, each: the prefix of the field's key,
--        how it is stored and its sub-key (see lib/values), a count of its indexes, the indexes (see
--        lib/add_entry), the command, a count of the arguments that follow its key, and those
-- Reply  'ok', the primary key or false if none was needed, the replies of the commands; or 'gone',
--        'unique', 'error' (see lib/atomic)
-- @include atomic if_known values normal_form add_entry remove_entry mint

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

  local outcome, done, stored_any = { 'ok', pk }, 0, false
  local at, last = 2, #ARGV
  while at <= last do
    local key, stored, sub = ARGV[at] .. pk, ARGV[at + 1], ARGV[at + 2]
    local first_index = at + 4
    local command_at = first_index + 3 * ARGV[at + 3]
    local next_at = command_at + 2 + ARGV[command_at + 1]
    local indexed = command_at > first_index
    -- The value before is needed for the indexes, and to take the command back if a later one fails.
    local kept = indexed or done > 0 or next_at <= last
    local before = kept and read_value(stored, key, sub)
    -- An indexed value has no expiry.
    local expires = before and not indexed and expiry_of(stored, key, sub) or 0
    subject_key = key
    done = done + 1
    outcome[done + 2] = call(ARGV[command_at], key, unpack(ARGV, command_at + 2, next_at - 1))
    if kept then
      undo_write(stored, key, sub, before, expires)
    end
    if indexed then
      local after = read_value(stored, key, sub)
      if before ~= after then
        -- Entries go before they come: two values may share one normal form.
        for index = first_index, command_at - 1, 3 do
          local kind, form, index_key = ARGV[index], ARGV[index + 1], ARGV[index + 2]
          if before then
            remove_entry(kind, index_key, form == 'text' and before or normal_form(form, before), pk)
          end
          if after then
            add_entry(kind, index_key, form == 'text' and after or normal_form(form, after), pk, done - 1, after)
          end
        end
      end
    end
    -- An object comes into being with its first value; a command that stores none makes no object.
    if KEYS[2] and not stored_any then
      stored_any = call('EXISTS', key) == 1
    end
    at = next_at
  end

  if KEYS[2] and not stored_any then
    outcome[2] = false
    take_back(outcome)
  end
  return outcome
end)
