-- Gives fields of an object new values, which their indexes follow.
--
-- The statement compiled for a model is statements/lua/write.lua.
--
-- In ARGV the fields are:
-- @layout UpdatedFields
--    1 hash_prefix  the prefix of the objects' hashes
--    2 version_sub  the sub-key of the version, or ''
--    3 condition    a condition that objects must meet, see lua/library/expressions.lua: a count, and those
--      fields       the fields: a count, and for each
--          prefix   the prefix of its key
--          stored   how it is stored, see lua/library/values.lua
--          sub      its sub-key in the hash, or ''
--          indexes  its indexes, those of several fields last: a count, and for each
--              kind  the name of its kind, see lua/library/index_kinds.lua
--              form  the form of its texts, see lua/library/forms.lua
--              key   its key, or the prefix of its keys
-- @end
-- The new values of an object are:
-- @layout Updated
--    1 version  the version that the object must have, or ''
--    2 values   its values: a count, and for each
--          field  the number of its field, counted from 0
--          args   nothing, to remove it; a value, or its type and an expression; or a command: a count, and those
-- @end
-- @requires call current_key exactly expiry_of has_index in_transaction index_updates key_from_template
-- @requires make_index_updates make_member_updates member_updates read_value read_whole_value refuse undo_with
-- @requires undo_write update_indexes
-- @provides after_object assign read_fields

local version_key, version_sub_key, fields = '', '', {}
local condition_at, expressions = false, false
local originals, original_version = {}, nil -- what an object had before: the values by the number of their field

-- Reads the fields from ARGV; returns the position after them.
local function read_fields(at)
  -- @reads UpdatedFields at
  local hash_prefix, version_sub = ARGV[at], ARGV[at + 1]
  local first_condition, last_condition = at + 3, at + 2 + ARGV[at + 2]
  local field_count, first_field = tonumber(ARGV[last_condition + 1]), last_condition + 2
  -- @end
  version_key, version_sub_key = hash_prefix, version_sub
  condition_at = last_condition >= first_condition and first_condition
  at = first_field
  for number = 0, field_count - 1 do
    -- @reads Value at
    local prefix, stored, sub = ARGV[at], ARGV[at + 1], ARGV[at + 2]
    local first_index, last_index = at + 4, at + 3 + 3 * ARGV[at + 3]
    -- @end
    fields[number] = {
      number = number,
      prefix = prefix,
      stored = stored,
      sub = sub,
      first_index = first_index,
      last_index = last_index,
    }
    at = last_index + 1
  end
  return at
end

-- Returns how a field is stored, its key and its sub-key.
local function place_of(number, pk)
  local field = fields[number]
  return field.stored, key_from_template(field.prefix, pk), field.sub
end

-- Reads the value that a field had before anything was assigned; false if there was none.
local function original(number, pk)
  if originals[number] == nil then
    local stored, key, sub = place_of(number, pk)
    local is_version = sub == version_sub_key and sub ~= '' and key == key_from_template(version_key, pk)
    if is_version and original_version ~= nil then -- it has been counted by now
      originals[number] = original_version
    else
      originals[number] = read_value(stored, key, sub)
    end
  end
  return originals[number]
end

local function expression()
  -- @defers make_expressions
  expressions = expressions or make_expressions(original, place_of)
  return expressions
end

-- Returns whether an object meets the condition, if there is one.
local function meets_condition(pk)
  originals, original_version = {}, nil
  return not condition_at or expression().holds(condition_at, pk)
end

-- Returns the position where the field's own indexes end, and notes the entries of the composite ones.
local function last_single_index_of(field, pk)
  local last = field.last_index
  if last > field.first_index and string.byte(ARGV[last - 2]) == 38 then
    index_updates = index_updates or make_index_updates()
    return index_updates.note_composites(field.first_index, last, pk)
  end
  return last
end

local function assign_one(field, pk, first, last)
  local stored, sub, key = field.stored, field.sub, key_from_template(field.prefix, pk)
  local last_single_index = last_single_index_of(field, pk)
  local before = original(field.number, pk)
  local value = ARGV[first]
  if last ~= first then
    value = last > first and expression().result(first, pk, field.number) or nil
  end
  -- An indexed value has no expiry, unless something other than limpyd set it.
  local may_expire = in_transaction or not has_index(field.first_index, field.last_index)
  local expires = before and may_expire and expiry_of(stored, key, sub)
  current_key = key
  if stored == 'entry' and value then
    call('HSET', key, sub, value)
  elseif stored == 'entry' then
    call('HDEL', key, sub)
  elseif value then
    call('SET', key, value)
  else
    call('DEL', key)
  end
  undo_write(stored, key, sub, before, expires)
  if (before or nil) ~= value then
    update_indexes(field.first_index, last_single_index, before, value, pk, field.number)
  end
end

local function assign_many(field, pk, first, last)
  member_updates = member_updates or make_member_updates()
  local place = {
    pk = pk,
    key = key_from_template(field.prefix, pk),
    stored = field.stored,
    scope = 'whole',
    first_index = field.first_index,
    last_index = field.last_index,
    last_single_index = last_single_index_of(field, pk),
    number = field.number,
  }
  local key = place.key
  member_updates.track(place)
  member_updates.note_undo(place)
  call('DEL', key)
  -- In slices of whole pairs and triples, as HSET and GEOADD take them.
  for from = first + 1, last, 996 do
    call(ARGV[first], key, unpack(ARGV, from, math.min(from + 995, last)))
  end
  if place.last_index > place.first_index then
    index_updates = index_updates or make_index_updates()
    member_updates.follow(place, place.before, (read_whole_value(place.stored, key)))
  end
end

local function next_version(pk, expected)
  local key = key_from_template(version_key, pk)
  current_key = key
  local version = call('HGET', key, version_sub_key)
  original_version = version
  if expected ~= '' and (version or '0') ~= expected then
    refuse('stale', version or '0')
  end
  local after = call('HINCRBY', key, version_sub_key, 1)
  if version then
    undo_with('HSET', key, version_sub_key, version)
  else
    undo_with('HDEL', key, version_sub_key)
  end
  return exactly(after, true, 'HINCRBY', key, version_sub_key)
end

-- Returns the position after the arguments of an object.
local function after_object(at)
  -- @reads Updated at
  local value_count, first_value = tonumber(ARGV[at + 1]), at + 2
  -- @end
  at = first_value
  for _ = 1, value_count do
    -- @reads NewValue at
    local last_arg = at + 1 + ARGV[at + 1]
    -- @end
    at = last_arg + 1
  end
  return at
end

-- Gives an object new values, which are in ARGV from a position on; returns its new version, or false if it has none. An
-- object that does not meet the condition is refused, or if `passes_over`, nothing is returned.
local function assign(pk, at, passes_over)
  current_key = KEYS[1]
  if call('SISMEMBER', KEYS[1], pk) == 0 then
    refuse('gone')
  end
  if index_updates then
    index_updates.forget_composites() -- those of an earlier object, which was refused
  end
  if not meets_condition(pk) then
    return not passes_over and refuse('unmet') or nil
  end
  -- @reads Updated at
  local version = ARGV[at]
  local value_count, first_value = tonumber(ARGV[at + 1]), at + 2
  -- @end
  local new_version = version_sub_key ~= '' and next_version(pk, version)
  at = first_value
  for _ = 1, value_count do
    -- @reads NewValue at
    local field = ARGV[at]
    local first_arg, last_arg = at + 2, at + 1 + ARGV[at + 1]
    -- @end
    local place = fields[tonumber(field)]
    if place.stored == 'entry' or place.stored == 'string' then
      assign_one(place, pk, first_arg, last_arg)
    else
      assign_many(place, pk, first_arg, last_arg)
    end
    at = last_arg + 1
  end
  if index_updates then
    index_updates.follow_composites()
  end
  return new_version
end
