-- The entries that an object should have in an index (see lua/library/index_kinds.lua).
-- @requires call composite_entry current_key dynamic_field each_version index_kind inventory_of key_and_entry
-- @requires key_from_template part_in parts_of_composite read_members read_value read_whole_value refuse_expiring
-- @requires texts_of unless_mistyped with_part
-- @provides dynamic each_expected entry_kind expected_by_pk expected_entry form index_key key_of limits_owners
-- @provides member_behind members_of members_seen of_members prefix refuse_expiring_value select_index version_members

local kind_name, form, index_key, prefix, stored, sub_key -- of the selected index
local entry_kind -- the kind of its entries (see lua/library/index_kinds.lua)
local of_several, of_members, limits_owners
local dynamic, version_members = false, false -- if of a dynamic field; the members of a version
local members_seen, expected_by_pk = 0, {}
local expected_by_version = {} -- the same by the part of a version

-- Selects an index, which is in ARGV from a position on: its kind, form and key; then the prefix of the field's keys,
-- how the field is stored, and its sub-key.
local function select_index(at)
  kind_name, form, index_key, prefix, stored, sub_key = unpack(ARGV, at, at + 5)
  of_several = string.byte(kind_name) == 38 -- `&`: several fields
  local own_name = of_several and string.sub(kind_name, 2) or kind_name
  limits_owners = string.byte(own_name) == 33 -- see lua/library/index_kinds.lua
  entry_kind = index_kind(limits_owners and string.sub(own_name, 2) or own_name)
  dynamic = dynamic_field(prefix) ~= nil
  of_members = not of_several and not dynamic and stored ~= 'entry' and stored ~= 'string'
  expected_by_pk, expected_by_version = {}, {}
end

-- Runs a function with the index of one version of the dynamic field selected.
local function in_version(part, act, ...)
  local key_template, field, all = index_key, prefix, expected_by_pk
  local template, sub_template = dynamic_field(field)
  index_key, prefix, sub_key = with_part(key_template, part), with_part(template, part), with_part(sub_template, part)
  expected_by_version[part] = expected_by_version[part] or {}
  expected_by_pk, of_members, dynamic = expected_by_version[part], stored ~= 'entry' and stored ~= 'string', false
  local done, result = pcall(act, ...)
  index_key, prefix, expected_by_pk, of_members, version_members, dynamic = key_template, field, all, false, false, true
  if not done then
    error(result, 0)
  end
  return result
end

-- Calls `take(key, entry, value, sub)` for each entry of a value, or of one under a sub-key; or `refused(value, reason)`.
local function take_value(value, sub, take, refused)
  if form == 'text' and not sub and not entry_kind.reason_against then
    return take(index_key, value, value)
  end
  local texts, reason = texts_of(form, value, index_key)
  if texts and texts[2] and entry_kind.overwrites then
    texts, reason = nil, 'this index stores one value per object'
  end
  if not texts then
    return refused(value, reason)
  end
  for at = 1, #texts do
    local against = entry_kind.reason_against and entry_kind.reason_against(texts[at])
    if against then
      return refused(value, against)
    end
    local key, entry = key_and_entry(entry_kind, index_key, texts[at], sub)
    take(key, entry, value, sub)
  end
end

-- Calls `take(key, entry, value, sub)` for each entry that an object, or some members of its value, should have; and
-- `refused(value, reason)` for each value that cannot be indexed.
local function each_expected(pk, members, take, refused)
  if dynamic then
    current_key = inventory_of(prefix, pk)
    each_version(prefix, pk, function(key, _, part)
      in_version(part, function()
        version_members = of_members and read_whole_value(stored, key)
        each_expected(pk, version_members, take, refused)
      end)
    end)
    return
  end
  if of_several then
    local entry, value, reason = composite_entry(form, pk, kind_name)
    if entry then
      take(index_key, entry, entry)
    elseif reason then
      refused(value, reason)
    end
  elseif not of_members then
    local value = read_value(stored, key_from_template(prefix, pk), sub_key)
    if value then
      take_value(value, nil, take, refused)
    end
  else
    for member, value in pairs(members) do
      members_seen = members_seen + 1
      if stored == 'hash' then
        take_value(value, member, take, refused)
      else
        take_value(entry_kind.of_scores and value or member, nil, take, refused)
      end
    end
  end
end

-- Refuses a value that expires, or has members that do.
local function refuse_expiring_value(pk, members)
  members = version_members or members
  if of_several then
    local parts = parts_of_composite(form)
    for at = 1, #parts, 4 do
      refuse_expiring(key_from_template(parts[at], pk), parts[at + 1] == 'entry' and { parts[at + 2] } or {})
    end
    return
  end
  local subs = stored == 'entry' and { sub_key } or {}
  for sub in pairs(stored == 'hash' and members or {}) do
    subs[#subs + 1] = sub
  end
  refuse_expiring(key_from_template(prefix, pk), subs)
end

-- Returns the members of an object's value from a cursor on; and the next cursor if there are more, else false.
local function members_of(key, cursor, at_most)
  local scan = stored == 'set' and 'SSCAN' or stored == 'hash' and 'HSCAN' or stored == 'zset' and 'ZSCAN'
  local size = call(stored == 'set' and 'SCARD' or stored == 'hash' and 'HLEN' or stored == 'zset' and 'ZCARD' or 'LLEN', key)
  if size <= at_most or not scan then
    -- A list has no cursor.
    return (read_whole_value(stored, key)), false
  end
  local reply = call(scan, key, cursor, 'COUNT', at_most)
  local members, step = {}, scan == 'SSCAN' and 1 or 2
  for at = 1, #reply[2], step do
    members[reply[2][at]] = step == 1 or reply[2][at + 1]
  end
  return members, reply[1] ~= '0' and reply[1]
end

-- Returns the place of an entry: its key, then its name within the key if that is not the primary key alone.
local function in_place(key, name)
  return name and #key .. ':' .. key .. name or key
end

-- The key that holds an entry, for an index that may have several keys.
local function key_of(key, entry)
  return entry_kind.key_of and entry_kind.key_of(key, entry) or key
end

local function place_of(key, entry)
  return entry_kind.split and in_place(key, entry) or key_of(key, entry)
end

-- Returns the member of a value that an entry is for, and whether no other member can have the entry; nothing if that
-- is not known.
local function member_behind(key, name)
  if stored == 'hash' and string.find(index_key, '\0', 1, true) then
    return nil
  end
  local entry = entry_kind.by_value and string.sub(key, #index_key + 1) or name
  if stored == 'hash' then
    if not entry_kind.sub_key_in_entry then
      return string.sub(key, #index_key + 2), true
    end
    local colon = string.find(entry, ':', 1, true) or 1
    local length = tonumber(string.sub(entry, 1, colon - 1)) or 0
    return string.sub(entry, colon + 1, colon + length), true
  elseif stored == 'list' or entry_kind.of_scores then
    return nil
  elseif form == 'text' then
    return entry, true
  end
  -- A number may be stored in several forms; most are in the shortest.
  local number = entry_kind.of_numbers and tonumber(entry)
  if number then
    local short = string.format('%.15g', number)
    return tonumber(short) == number and short or entry, false
  end
  return nil
end

local function ignore() end

-- Returns the entries that an object should have, each by its place; only those of one member, if that is given.
local function expected_of(pk, member)
  local expected = {}
  current_key = KEYS[1]
  if call('SISMEMBER', KEYS[1], pk) == 0 then
    return expected
  end
  unless_mistyped(function()
    local members = nil
    if of_members then
      members = member and read_members(stored, key_from_template(prefix, pk), { member }) or (read_whole_value(stored, key_from_template(prefix, pk)))
    end
    each_expected(pk, members, function(key, entry)
      expected[place_of(key, entry)] = entry
    end, ignore)
  end)
  return expected
end

-- Returns the entry that an object should have at a place; nothing if none.
local function expected_entry(pk, key, name)
  local part = dynamic and part_in(index_key, key)
  if dynamic then
    return part and in_version(part, expected_entry, pk, key, name)
  end
  local place = in_place(key, name)
  if expected_by_pk[pk] then
    return expected_by_pk[pk][place]
  end
  local member, certain
  if of_members then
    member, certain = member_behind(key, name)
  end
  local entry = member and expected_of(pk, member)[place]
  if not entry and not certain then
    expected_by_pk[pk] = expected_of(pk)
    entry = expected_by_pk[pk][place]
  end
  return entry
end
