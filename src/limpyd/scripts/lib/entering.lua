-- Enters an object into indexes, as its values are now. What its model looks like is told as in lib/deleting.
-- @include refuse_expiring

local function enter(pk, first, last)
  upkeep = upkeep or make_upkeep()

  -- Adds the entries of a value, or of one under a sub-key; gives the position after the indexes.
  local function add_entries(value, at, sub)
    local next_at = at + 1 + 3 * ARGV[at]
    if value then
      for index = at + 1, next_at - 1, 3 do
        upkeep.change_value(ARGV[index], ARGV[index + 1], ARGV[index + 2], nil, value, pk, ARGV[index + 2], sub)
      end
    end
    return next_at
  end

  local last_prefix = first + ARGV[first]
  local last_composite = last_prefix + 1 + 3 * ARGV[last_prefix + 1]
  for index = last_prefix + 2, last_composite, 3 do
    local kind, key = ARGV[index], ARGV[index + 2]
    local entry, value, reason = upkeep.composite_entry(ARGV[index + 1], pk, kind)
    if entry then
      local parts = upkeep.parts_of_composite(ARGV[index + 1])
      for part = 1, #parts, 4 do
        refuse_expiring(placed(parts[part], pk), parts[part + 1] == 'entry' and { parts[part + 2] } or {})
      end
      add_entry(string.sub(kind, 2), key, entry, pk, key, entry)
    elseif reason then
      refuse('unindexable', value, reason, key)
    end
  end

  local first_sub, last_sub = last_composite + 2, last_composite + 1 + ARGV[last_composite + 1]
  local at, hash = last_sub + 1, placed(ARGV[first + 1], pk)
  for sub = first_sub, last_sub do
    subject_key = hash
    local value = call('HGET', hash, ARGV[sub])
    if value then
      refuse_expiring(hash, { ARGV[sub] })
    end
    at = add_entries(value, at)
  end
  while at <= last do
    local stored, last_index = ARGV[at + 1], at + 2 + 3 * ARGV[at + 2]
    local key, subs = placed(ARGV[at], pk), {}
    local found = look_at_all(stored, key)
    for name in pairs(stored == 'hash' and found or {}) do
      subs[#subs + 1] = name
    end
    refuse_expiring(key, subs)
    for name, held in pairs(found) do
      if stored == 'string' or stored == 'hash' then
        add_entries(held, at + 2, stored == 'hash' and name)
      else
        for index = at + 3, last_index, 3 do
          local value = ARGV[index] == 'geos' and held or name -- a place in a sorted set is the score
          upkeep.change_value(ARGV[index], ARGV[index + 1], ARGV[index + 2], nil, value, pk, ARGV[index + 2])
        end
      end
    end
    at = last_index + 1
  end
end
