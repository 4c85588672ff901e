-- Enters an object into indexes, as its values are now. What its model looks like is told as in lib/deleting.

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
      add_entry(string.sub(kind, 2), key, entry, pk, key, entry)
    elseif reason then
      refuse('unindexable', value, reason, key)
    end
  end

  local first_sub, last_sub = last_composite + 2, last_composite + 1 + ARGV[last_composite + 1]
  local at, hash = last_sub + 1, ARGV[first + 1] .. pk
  for sub = first_sub, last_sub do
    subject_key = hash
    at = add_entries(call('HGET', hash, ARGV[sub]), at)
  end
  while at <= last do
    local stored, last_index = ARGV[at + 1], at + 2 + 3 * ARGV[at + 2]
    for name, held in pairs(look_at_all(stored, ARGV[at] .. pk)) do
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
