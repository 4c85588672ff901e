-- Removes an object from the indexes of its model. In ARGV, from one position to another, the model's keys and indexes
-- are:
-- @layout KeysAndIndexes
--    1 prefixes    the prefixes of their keys, the one of the hash first: a count, and those
--      composites  the indexes of several fields, see lua/library/composite_entry.lua: a count, and for each
--          kind  the name of its kind, see lua/library/index_kinds.lua
--          form  the form of its texts, see lua/library/forms.lua
--          key   its key, or the prefix of its keys
--      subs        the sub-keys in the hash that are indexed: a count, and those
-- @end
-- For each of these sub-keys:
-- @layout Indexes
--    1 indexes  its indexes: a count, and for each
--          kind  the name of its kind, see lua/library/index_kinds.lua
--          form  the form of its texts, see lua/library/forms.lua
--          key   its key, or the prefix of its keys
-- @end
-- To the end, for each indexed field with a key of its own:
-- @layout IndexedField
--    1 prefix   the prefix of its key; of a dynamic field its family, see lua/library/dynamic_parts.lua
--    2 stored   how it is stored, see lua/library/whole_value.lua
--    3 indexes  its indexes: a count, and for each
--          kind  the name of its kind, see lua/library/index_kinds.lua
--          form  the form of its texts, see lua/library/forms.lua
--          key   its key, or the prefix of its keys
-- @end
-- A dynamic field (see lua/library/dynamic_parts.lua) has its family instead of a prefix. All dynamic fields are among
-- the prefixes; indexed ones are also among the fields at the end. `set` is the set of primary keys. `meta` is the
-- catalog of the model (see lua/library/catalog_records.lua), given if the object is deleted, not if it is moved.
-- @requires call check_references check_versions_listed current_key dynamic_field index_kind index_updates inventory_of
-- @requires key_from_template make_index_updates read_whole_value remove_entry template_filler undo_with unlink_field
-- @requires unlink_unknown version_locator
-- @provides unindex_object unindex_values unlink_object

-- Removes the entries of a value, or of one under a sub-key, from indexes that are in ARGV from one position to
-- another. `index_key` returns the key of an index from its position.
local function remove_entries(pk, value, first_index, last_index, sub, index_key)
  for index = first_index, value and last_index or 0, 3 do
    local kind, form, key = ARGV[index], ARGV[index + 1], index_key and index_key(index + 2) or ARGV[index + 2]
    if form == 'text' and not sub and not index_kind(kind).overwrites then
      remove_entry(kind, key, value, pk)
    else
      index_updates = index_updates or make_index_updates()
      index_updates.change_value(kind, form, key, value, nil, pk, nil, sub)
    end
  end
end

-- Removes the entries of a field with a key of its own, or of a version of a dynamic one.
local function remove_all(pk, first_index, last_index, stored, key, index_key)
  if stored == 'string' then
    current_key = key
    remove_entries(pk, call('GET', key), first_index, last_index, nil, index_key)
    return
  end
  for name, content in pairs(read_whole_value(stored, key)) do
    if stored == 'hash' then
      remove_entries(pk, content, first_index, last_index, name, index_key)
    else
      index_updates = index_updates or make_index_updates()
      for index = first_index, last_index, 3 do
        local value = index_kind(ARGV[index]).of_scores and content or name
        local of_index = index_key and index_key(index + 2) or ARGV[index + 2]
        index_updates.change_value(ARGV[index], ARGV[index + 1], of_index, value, nil, pk)
      end
    end
  end
end

-- The same for all versions of a dynamic field.
local function remove_versions(pk, first_index, last_index, stored, prefix)
  current_key = inventory_of(prefix, pk)
  local parts, place, fill, part = call('SMEMBERS', current_key), version_locator(prefix, pk), {}, nil
  for index = first_index, last_index, 3 do
    fill[index + 2] = template_filler(ARGV[index + 2])
  end
  local function index_key(at)
    return fill[at](part)
  end
  if stored ~= 'entry' then
    for at = 1, #parts do
      part = parts[at]
      remove_all(pk, first_index, last_index, stored, place(part), index_key)
    end
    return
  end
  for first = 1, #parts, 1000 do
    local hash, subs = nil, {}
    for at = first, math.min(first + 999, #parts) do
      hash, subs[#subs + 1] = place(parts[at])
    end
    current_key = hash
    local values = call('HMGET', hash, unpack(subs))
    for at = 1, #subs do
      part = parts[first + at - 1]
      remove_entries(pk, values[at], first_index, last_index, nil, index_key)
    end
  end
end

-- The same for all fields with keys of their own, which are in ARGV from one position to another.
local function unindex_values(at, last, pk)
  while at <= last do
    -- @reads IndexedField at
    local prefix, stored = ARGV[at], ARGV[at + 1]
    local first_index, last_index = at + 3, at + 2 + 3 * ARGV[at + 2]
    -- @end
    if last_index < first_index then
      -- not indexed
    elseif dynamic_field(prefix) then
      remove_versions(pk, first_index, last_index, stored, prefix)
    else
      remove_all(pk, first_index, last_index, stored, key_from_template(prefix, pk))
    end
    at = last_index + 1
  end
end

-- Removes an object from the set of primary keys, if that is given, and from the indexes, which can be taken back;
-- returns false if the object does not exist.
local function unindex_object(set, pk, first, last, meta)
  if set then
    current_key = set
    if call('SREM', set, pk) == 0 then
      return false
    end
    undo_with('SADD', set, pk)
  end
  if meta then
    check_references(meta, pk)
  end

  -- @reads KeysAndIndexes first
  local first_prefix, last_prefix = first + 1, first + ARGV[first]
  local first_composite, last_composite = last_prefix + 2, last_prefix + 1 + 3 * ARGV[last_prefix + 1]
  local first_sub, last_sub = last_composite + 2, last_composite + 1 + ARGV[last_composite + 1]
  -- @end
  if meta then
    check_versions_listed(meta, pk, first_prefix, last_prefix)
  end
  for index = first_composite, last_composite, 3 do
    local kind, key = ARGV[index], ARGV[index + 2]
    index_updates = index_updates or make_index_updates()
    local entry = index_updates.composite_entry(ARGV[index + 1], pk, kind)
    if entry then
      remove_entry(string.sub(kind, 2), key, entry, pk)
    end
  end

  local at = last_sub + 1
  if last_sub >= first_sub then
    local hash = key_from_template(ARGV[first_prefix], pk)
    current_key = hash
    -- In slices: Lua cannot unpack thousands of arguments at once.
    for sub = first_sub, last_sub, 1000 do
      local found = call('HMGET', hash, unpack(ARGV, sub, math.min(sub + 999, last_sub)))
      for number = 1, #found do
        -- @reads Indexes at
        local first_index, last_index = at + 1, at + 3 * ARGV[at]
        -- @end
        remove_entries(pk, found[number], first_index, last_index)
        at = last_index + 1
      end
    end
  end
  unindex_values(at, last, pk)
  return true
end

-- Removes all keys of an object, which cannot be taken back (see lua/library/journal.lua).
local function unlink_object(pk, first, meta)
  -- @reads KeysAndIndexes first
  local first_prefix, last_prefix = first + 1, first + ARGV[first]
  -- @end
  for prefix = first_prefix, last_prefix do
    unlink_field(ARGV[prefix], pk)
  end
  unlink_unknown(meta, pk, first_prefix, last_prefix)
end
