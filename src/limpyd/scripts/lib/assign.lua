-- Gives fields of an object new values, and makes their indexes follow.
--
-- ARGV tells of the model the prefix of its hashes, and the sub-key of its version or ''; a count of fields, and those,
-- each the prefix of its key, how it is stored (see lib/values and lib/look_at_all), its sub-key, a count of its
-- indexes, and those (see lib/add_entry). And of an object the version that it is to have, or '', a count of values, and
-- those, each the number of its field, counted from 0, a count of arguments, and those: none to remove the value; the
-- value itself of a field of one value; else the command that makes it and its arguments.
-- @requires call exactly expiry_of follow_value goes_on look_at_all make_member_upkeep make_upkeep member_upkeep placed
-- @requires read_value refuse subject_key undo_with undo_write upkeep
-- @provides after_object assign read_fields

local version_key, version_sub, fields = '', '', {}

-- Gives the position after the fields.
local function read_fields(at)
  version_key, version_sub = ARGV[at], ARGV[at + 1]
  local count = tonumber(ARGV[at + 2])
  at = at + 3
  for number = 0, count - 1 do
    local last_index = at + 3 + 3 * ARGV[at + 3]
    fields[number] = {
      number = number,
      prefix = ARGV[at],
      stored = ARGV[at + 1],
      sub = ARGV[at + 2],
      first_index = at + 4,
      last_index = last_index,
    }
    at = last_index + 1
  end
  return at
end

-- Where the indexes of a field alone end; what those of several fields held is noted.
local function last_index_alone(field, pk)
  local last = field.last_index
  if last > field.first_index and string.byte(ARGV[last - 2]) == 38 then
    upkeep = upkeep or make_upkeep()
    return upkeep.note_composites(field.first_index, last, pk)
  end
  return last
end

local function assign_one(field, pk, value)
  local stored, sub, key = field.stored, field.sub, placed(field.prefix, pk)
  local indexed, last_alone = field.last_index > field.first_index, last_index_alone(field, pk)
  local before = read_value(stored, key, sub)
  -- An indexed value has no expiry, but for one that others gave it.
  local listed_only = ARGV[field.first_index] == 'inv' and field.last_index == field.first_index + 2
  local expires = before and (not indexed or listed_only or goes_on) and expiry_of(stored, key, sub)
  subject_key = key
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
    follow_value(field.first_index, last_alone, before, value, pk, field.number)
  end
end

local function assign_many(field, pk, first, last)
  member_upkeep = member_upkeep or make_member_upkeep()
  local place = {
    pk = pk,
    key = placed(field.prefix, pk),
    stored = field.stored,
    scope = 'whole',
    first_index = field.first_index,
    last_index = field.last_index,
    last_alone = last_index_alone(field, pk),
    number = field.number,
  }
  local key = place.key
  member_upkeep.track(place)
  member_upkeep.note_undo(place)
  call('DEL', key)
  -- In slices of whole pairs and triples, as HSET and GEOADD take them.
  for from = first + 1, last, 996 do
    call(ARGV[first], key, unpack(ARGV, from, math.min(from + 995, last)))
  end
  if place.last_index > place.first_index then
    upkeep = upkeep or make_upkeep()
    member_upkeep.follow(place, place.before, (look_at_all(place.stored, key)))
  end
end

local function next_version(pk, expected)
  local key = placed(version_key, pk)
  subject_key = key
  local version = call('HGET', key, version_sub)
  if expected ~= '' and (version or '0') ~= expected then
    refuse('stale', version or '0')
  end
  local after = call('HINCRBY', key, version_sub, 1)
  if version then
    undo_with('HSET', key, version_sub, version)
  else
    undo_with('HDEL', key, version_sub)
  end
  return exactly(after, true, 'HINCRBY', key, version_sub)
end

-- Where what is told of an object ends.
local function after_object(at)
  local next_at = at + 2
  for _ = 1, ARGV[at + 1] do
    next_at = next_at + 2 + ARGV[next_at + 1]
  end
  return next_at
end

-- Gives an object, of which ARGV tells from a position on, new values; its new version, or false if it has none.
local function assign(pk, at)
  subject_key = KEYS[1]
  if call('SISMEMBER', KEYS[1], pk) == 0 then
    refuse('gone')
  end
  if upkeep then
    upkeep.forget_composites() -- those of an object before this one, which was refused
  end
  local version = version_sub ~= '' and next_version(pk, ARGV[at])
  local count = tonumber(ARGV[at + 1])
  at = at + 2
  for _ = 1, count do
    local field, first, last = fields[tonumber(ARGV[at])], at + 2, at + 1 + ARGV[at + 1]
    if field.stored == 'entry' or field.stored == 'string' then
      assign_one(field, pk, last >= first and ARGV[first] or nil)
    else
      assign_many(field, pk, first, last)
    end
    at = last + 1
  end
  if upkeep then
    upkeep.follow_composites()
  end
  return version
end
