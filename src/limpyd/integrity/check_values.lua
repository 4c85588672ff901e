#!lua flags=no-writes
-- Finds values of which only Python can say if they are of their field's type and meet its constraints. Values that
-- plainly are of a type without constraints are left out.
--
-- KEYS   1  the set of primary keys
-- ARGV   1  about how many values to look at
--        2  about how many bytes of values to reply with
--        3  a count of fields, and for each:
--             prefix   the prefix of its key; of a dynamic field its family (see lua/library/dynamic_parts.lua)
--             stored   how it is stored (see lua/library/whole_value.lua), or `stream`
--             sub      its sub-key
--             pattern  the pattern of texts that plainly are of its type, or ''
--             counts   '1' if the number of its members, or of its values, has a constraint
--        …  the position in the first object: the number of a field, and a cursor in its value
--        …  primary keys
-- Reply  the number of objects done; the position in the next one; the values, each the primary key, the number of the
--        field, the text, and the part of the version of a dynamic field or false; if the number of the field is
--        negative, the number of members stands for the text; false stands for all of a version that was left for later
-- @requires call dynamic_field inventory_of key_from_template size_of unless_mistyped version_locator

local MAX_PLAIN = 18 -- digits of a number that surely has its type
local at_most, most_bytes, count = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local first_pk = 4 + 5 * count + 2
local number, cursor = tonumber(ARGV[first_pk - 2]), ARGV[first_pk - 1]
local looked, given, values = 0, 0, {}
local part = false -- of the version that is looked at

local function give(pk, field, what)
  for _, each in ipairs({ pk, field, what, part }) do
    values[#values + 1] = each
  end
end

local function look_at(pk, pattern, text)
  looked = looked + 1
  local long = string.byte(pattern, 2) ~= 91 and #text > MAX_PLAIN
  if pattern == '' or long or not string.find(text, pattern) then
    given = given + #text
    give(pk, number, text)
  end
end

local SCANS = { set = 'SSCAN', zset = 'ZSCAN', hash = 'HSCAN' }

-- Looks at the value under a key from a cursor on; gives the next cursor if there is more.
local function look_at_key(pk, key, from, stored, sub, pattern)
  if stored == 'entry' or stored == 'string' then
    local text = stored == 'entry' and call('HGET', key, sub) or stored == 'string' and call('GET', key)
    if text then
      look_at(pk, pattern, text)
    end
  elseif stored == 'list' then
    local members = call('LRANGE', key, from, from + at_most - 1)
    for at = 1, #members do
      look_at(pk, pattern, members[at])
    end
    return #members == at_most and string.format('%.0f', from + at_most)
  elseif stored == 'stream' then
    local entries = call('XRANGE', key, from == '0' and '-' or from, '+', 'COUNT', at_most)
    for at = 1, #entries do
      for each = 2, #entries[at][2], 2 do
        look_at(pk, pattern, entries[at][2][each])
      end
    end
    return #entries == at_most and '(' .. entries[#entries][1]
  else
    local reply = call(SCANS[stored], key, from, 'COUNT', at_most)
    local step = stored == 'set' and 1 or 2
    for at = stored == 'hash' and 2 or 1, #reply[2], step do
      look_at(pk, pattern, reply[2][at])
    end
    return reply[1] ~= '0' and reply[1]
  end
  return false
end

local function look_at_field(pk, prefix, stored, sub, pattern, counts)
  local key = key_from_template(prefix, pk)
  if counts == '1' and cursor == '0' and call('SISMEMBER', KEYS[1], pk) == 1 then
    give(pk, -number, stored == 'entry' and call('HEXISTS', key, sub) or size_of(stored, key))
  end
  return look_at_key(pk, key, cursor, stored, sub, pattern)
end

local function look_at_version(pk, key, stored, sub, pattern, counts)
  local size = stored ~= 'entry' and size_of(stored, key) or 1
  looked = looked + 1
  if looked >= at_most or given >= most_bytes or size > at_most then
    give(pk, number, false)
    return
  elseif counts == '1' then
    give(pk, -number, size)
  end
  look_at_key(pk, key, '0', stored, sub, pattern)
end

-- Looks at some versions of a dynamic field from the cursor on; gives the next cursor if there are more.
local function look_at_versions(pk, prefix, stored, _, pattern, counts)
  local reply, place = call('SSCAN', inventory_of(prefix, pk), cursor, 'COUNT', at_most), version_locator(prefix, pk)
  for at = 1, #reply[2] do
    part = reply[2][at]
    local key, sub = place(part)
    unless_mistyped(look_at_version, pk, key, stored, sub, pattern, counts)
  end
  part = false
  return reply[1] ~= '0' and reply[1]
end

for at = first_pk, #ARGV do
  while number <= count do
    local field = 5 * number - 1
    local look = dynamic_field(ARGV[field]) and look_at_versions or look_at_field
    cursor = unless_mistyped(look, ARGV[at], unpack(ARGV, field, field + 4)) or '0'
    if cursor == '0' then
      number = number + 1
    end
    if looked >= at_most or given >= most_bytes then
      return { at - first_pk, number, cursor, values }
    end
  end
  number = 1
end
return { #ARGV - first_pk + 1, 1, '0', values }
