#!lua flags=allow-oom
-- Deletes an object: values, indexes and membership.
--
-- KEYS   the set of primary keys
-- ARGV   the primary key; a count of prefixes, and those of all its keys, that of its hash first;
--        a count of indexed hash fields and their sub-keys; for each of those a count of its
--        indexes, and those (see lib/add_entry); and to the end the indexed fields with keys of their
--        own, each the prefix of its key, how it is stored (see lib/look_at_all), a count of its
--        indexes, and those
-- Reply  'ok'; or 'gone', 'error' (see lib/atomic)
-- @include atomic normal_form remove_entry look_at_all

return atomically(function()
  local pk = ARGV[1]
  subject_key = KEYS[1]
  if call('SREM', KEYS[1], pk) == 0 then
    refuse('gone')
  end
  undo_with('SADD', KEYS[1], pk)

  -- Removes the entries of a value, or of one under a sub-key; gives the position after the indexes.
  local function remove_entries(value, at, sub)
    local next_at = at + 1 + 3 * ARGV[at]
    if value then
      for index = at + 1, next_at - 1, 3 do
        local form = ARGV[index + 1]
        local entry = form == 'text' and value or normal_form(form, value)
        remove_entry(ARGV[index], ARGV[index + 2], sub and #sub .. ':' .. sub .. ':' .. entry or entry, pk)
      end
    end
    return next_at
  end

  local last_prefix = 2 + ARGV[2]
  local first_sub, last_sub = last_prefix + 2, last_prefix + 1 + ARGV[last_prefix + 1]
  local at = last_sub + 1
  if last_sub >= first_sub then
    subject_key = ARGV[3] .. pk
    -- In slices: Lua cannot unpack thousands of arguments at once.
    for first = first_sub, last_sub, 1000 do
      local found = call('HMGET', ARGV[3] .. pk, unpack(ARGV, first, math.min(first + 999, last_sub)))
      for number = 1, #found do
        at = remove_entries(found[number], at)
      end
    end
  end
  while at <= #ARGV do
    local key, stored = ARGV[at] .. pk, ARGV[at + 1]
    for name, held in pairs(look_at_all(stored, key)) do
      local by_value = stored == 'string' or stored == 'hash'
      remove_entries(by_value and held or name, at + 2, stored == 'hash' and name)
    end
    at = remove_entries(nil, at + 2)
  end

  for prefix = 3, last_prefix do
    call('UNLINK', ARGV[prefix] .. pk)
  end
  return { 'ok' }
end)
