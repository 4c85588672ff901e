-- Takes an object away. What its model looks like is in ARGV from a position to another: a count of prefixes, and
-- those of all its keys, that of its hash first; a count of indexes of several fields, and those (see
-- lib/composite_entry); a count of indexed hash fields and their sub-keys; for each of those a count of its indexes,
-- and those (see lib/add_entry); and to the end the indexed fields with keys of their own, each the prefix of its
-- key, how it is stored (see lib/look_at_all), a count of its indexes, and those. `set` is that of all primary keys,
-- `meta` the catalog of the model (see lib/records), where the object is deleted and not moved.

-- Takes an object out of the set of all, if that is given, and out of the indexes, which can be taken back; false if
-- it is not there.
local function forget(set, pk, first, last, meta)
  if set then
    subject_key = set
    if call('SREM', set, pk) == 0 then
      return false
    end
    undo_with('SADD', set, pk)
  end
  if meta then
    check_references(meta, pk)
  end

  -- Removes the entries of a value, or of one under a sub-key; gives the position after the indexes.
  local function remove_entries(value, at, sub)
    local next_at = at + 1 + 3 * ARGV[at]
    if value then
      for index = at + 1, next_at - 1, 3 do
        local kind, form, key = ARGV[index], ARGV[index + 1], ARGV[index + 2]
        if form == 'text' and (kind == 'eq' or kind == 'uniq') and not sub then
          remove_entry(kind, key, value, pk)
        else
          upkeep = upkeep or make_upkeep()
          upkeep.change_value(kind, form, key, value, nil, pk, nil, sub)
        end
      end
    end
    return next_at
  end

  local last_prefix = first + ARGV[first]
  local last_composite = last_prefix + 1 + 3 * ARGV[last_prefix + 1]
  for index = last_prefix + 2, last_composite, 3 do
    local kind, key = ARGV[index], ARGV[index + 2]
    upkeep = upkeep or make_upkeep()
    local entry = upkeep.composite_entry(ARGV[index + 1], pk, kind)
    if entry then
      remove_entry(string.sub(kind, 2), key, entry, pk)
    end
  end

  local first_sub, last_sub = last_composite + 2, last_composite + 1 + ARGV[last_composite + 1]
  local at = last_sub + 1
  if last_sub >= first_sub then
    local hash = placed(ARGV[first + 1], pk)
    subject_key = hash
    -- In slices: Lua cannot unpack thousands of arguments at once.
    for sub = first_sub, last_sub, 1000 do
      local found = call('HMGET', hash, unpack(ARGV, sub, math.min(sub + 999, last_sub)))
      for number = 1, #found do
        at = remove_entries(found[number], at)
      end
    end
  end
  while at <= last do
    local stored, last_index = ARGV[at + 1], at + 2 + 3 * ARGV[at + 2]
    for name, held in pairs(look_at_all(stored, placed(ARGV[at], pk))) do
      if stored == 'string' or stored == 'hash' then
        remove_entries(held, at + 2, stored == 'hash' and name)
      else
        upkeep = upkeep or make_upkeep()
        for index = at + 3, last_index, 3 do
          local value = ARGV[index] == 'geos' and held or name -- a place in a sorted set is the score
          upkeep.change_value(ARGV[index], ARGV[index + 1], ARGV[index + 2], value, nil, pk)
        end
      end
    end
    at = last_index + 1
  end

  return true
end

-- Removes all keys of an object (see lib/atomic).
local function unlink_all(pk, first, meta)
  local last = first + ARGV[first]
  for prefix = first + 1, last do
    unlink(placed(ARGV[prefix], pk))
  end
  unlink_unknown(meta, pk, first + 1, last)
end
