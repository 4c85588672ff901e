-- Adds an object's entries to the indexes of its model, for its present values. The layout of ARGV is the one of
-- lua/library/unindex_object.lua.
-- @requires add_entry call current_key dynamic_field each_version has_index index_kind index_updates inventory_of
-- @requires key_from_template make_index_updates read_whole_value refuse refuse_expiring template_filler
-- @provides index_object

-- Adds the entries of a value, or of one under a sub-key, to indexes that are in ARGV from one position to another.
-- `index_key` returns the key of an index from its position.
local function add_entries(pk, value, first_index, last_index, sub, index_key)
  for index = first_index, value and last_index or 0, 3 do
    local key = index_key and index_key(index + 2) or ARGV[index + 2]
    index_updates.change_value(ARGV[index], ARGV[index + 1], key, nil, value, pk, key, sub)
  end
end

-- Adds the entries of a field with a key of its own, or of a version of a dynamic one.
local function enter_all(pk, first_index, last_index, stored, key, sub, index_key)
  local subs, found = {}, nil
  if stored == 'entry' then
    current_key, subs, found = key, { sub }, { [''] = call('HGET', key, sub) or nil }
  else
    found = read_whole_value(stored, key)
  end
  for name in pairs(stored == 'hash' and found or {}) do
    subs[#subs + 1] = name
  end
  if has_index(first_index, last_index) then
    refuse_expiring(key, subs)
  end
  for name, content in pairs(found) do
    if stored == 'string' or stored == 'hash' or stored == 'entry' then
      add_entries(pk, content, first_index, last_index, stored == 'hash' and name, index_key)
    else
      for index = first_index, last_index, 3 do
        local value = index_kind(ARGV[index]).of_scores and content or name
        local of_index = index_key and index_key(index + 2) or ARGV[index + 2]
        index_updates.change_value(ARGV[index], ARGV[index + 1], of_index, nil, value, pk, of_index)
      end
    end
  end
end

-- Adds the entry of an index of several fields.
local function add_composite(pk, kind, form, key)
  local entry, value, reason = index_updates.composite_entry(form, pk, kind)
  if entry then
    local parts = index_updates.parts_of_composite(form)
    for part = 1, #parts, 4 do
      refuse_expiring(key_from_template(parts[part], pk), parts[part + 1] == 'entry' and { parts[part + 2] } or {})
    end
    add_entry(string.sub(kind, 2), key, entry, pk, key, entry)
  elseif reason then
    refuse('unindexable', value, reason, key)
  end
end

-- Adds all entries of an object.
local function index_object(pk, first, last)
  index_updates = index_updates or make_index_updates()

  -- @reads KeysAndIndexes first
  local first_prefix, last_prefix = first + 1, first + ARGV[first]
  local first_composite, last_composite = last_prefix + 2, last_prefix + 1 + 3 * ARGV[last_prefix + 1]
  local first_sub, last_sub = last_composite + 2, last_composite + 1 + ARGV[last_composite + 1]
  -- @end
  for index = first_composite, last_composite, 3 do
    add_composite(pk, ARGV[index], ARGV[index + 1], ARGV[index + 2])
  end

  local at, hash = last_sub + 1, key_from_template(ARGV[first_prefix], pk)
  for sub = first_sub, last_sub do
    current_key = hash
    local value = call('HGET', hash, ARGV[sub])
    -- @reads Indexes at
    local first_index, last_index = at + 1, at + 3 * ARGV[at]
    -- @end
    if value and has_index(first_index, last_index) then
      refuse_expiring(hash, { ARGV[sub] })
    end
    add_entries(pk, value, first_index, last_index)
    at = last_index + 1
  end
  while at <= last do
    -- @reads IndexedField at
    local prefix, stored = ARGV[at], ARGV[at + 1]
    local first_index, last_index = at + 3, at + 2 + 3 * ARGV[at + 2]
    -- @end
    if dynamic_field(prefix) then
      local fill = {}
      for index = first_index, last_index, 3 do
        fill[index + 2] = template_filler(ARGV[index + 2])
      end
      current_key = inventory_of(prefix, pk)
      each_version(prefix, pk, function(key, sub, part)
        enter_all(pk, first_index, last_index, stored, key, sub, function(index)
          return fill[index](part)
        end)
      end)
    else
      enter_all(pk, first_index, last_index, stored, key_from_template(prefix, pk))
    end
    at = last_index + 1
  end
end
