-- Enters an object into indexes, as its values are now. What its model looks like is told as in lib/deleting.
-- @requires add_entry call dynamic_field each_version filling inventory_of look_at_all make_upkeep placed refuse
-- @requires refuse_expiring subject_key upkeep
-- @provides enter

-- Adds the entries of a value, or of one under a sub-key; gives the position after the indexes. `index_key` gives the key
-- of an index that is told at a position of ARGV.
local function add_entries(pk, value, at, sub, index_key)
  local next_at = at + 1 + 3 * ARGV[at]
  if value then
    for index = at + 1, next_at - 1, 3 do
      local key = index_key and index_key(index + 2) or ARGV[index + 2]
      upkeep.change_value(ARGV[index], ARGV[index + 1], key, nil, value, pk, key, sub)
    end
  end
  return next_at
end

-- Adds the entries of a field with a key of its own, or of a version of a dynamic one, that ARGV tells from a position on.
local function enter_all(pk, at, last_index, stored, key, sub, index_key)
  local subs, found = {}, nil
  if stored == 'entry' then
    subject_key, subs, found = key, { sub }, { [''] = call('HGET', key, sub) or nil }
  else
    found = look_at_all(stored, key)
  end
  for name in pairs(stored == 'hash' and found or {}) do
    subs[#subs + 1] = name
  end
  refuse_expiring(key, subs)
  for name, held in pairs(found) do
    if stored == 'string' or stored == 'hash' or stored == 'entry' then
      add_entries(pk, held, at + 2, stored == 'hash' and name, index_key)
    else
      for index = at + 3, last_index, 3 do
        local value = ARGV[index] == 'geos' and held or name -- a place in a sorted set is the score
        local of_index = index_key and index_key(index + 2) or ARGV[index + 2]
        upkeep.change_value(ARGV[index], ARGV[index + 1], of_index, nil, value, pk, of_index)
      end
    end
  end
end

-- Adds all entries of an object.
local function enter(pk, first, last)
  upkeep = upkeep or make_upkeep()

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
    at = add_entries(pk, value, at)
  end
  while at <= last do
    local stored, last_index = ARGV[at + 1], at + 2 + 3 * ARGV[at + 2]
    if dynamic_field(ARGV[at]) then
      local fill = {}
      for index = at + 5, last_index, 3 do
        fill[index] = filling(ARGV[index])
      end
      subject_key = inventory_of(ARGV[at], pk)
      each_version(ARGV[at], pk, function(key, sub, part)
        enter_all(pk, at, last_index, stored, key, sub, function(index)
          return fill[index](part)
        end)
      end)
    else
      enter_all(pk, at, last_index, stored, placed(ARGV[at], pk))
    end
    at = last_index + 1
  end
end
