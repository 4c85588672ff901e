#!lua flags=no-writes
-- Finds values of which only Python can say if they are of their field's type and meet its constraints. Values that
-- plainly are of a type without constraints are left out.
--
-- KEYS   1  the set of primary keys
-- ARGV   1  about how many values to look at
--        2  about how many bytes of values to reply with
--        3  a count of fields, and for each:
--             prefix   the prefix of its key
--             stored   how it is stored (see lua/library/whole_value.lua), or `stream`
--             sub      its sub-key
--             pattern  the pattern of texts that plainly are of its type, or ''
--             counts   '1' if the number of its members, or of its values, has a constraint
--        …  the position in the first object: the number of a field, and a cursor in its value
--        …  primary keys
-- Reply  the number of objects done; the position in the next one; the values, each the primary key, the number of the
--        field, and the text; or the number of members, if the number of the field is negative
-- @requires call key_from_template size_of unless_mistyped

local MAX_PLAIN = 18 -- digits of a number that surely has its type
local at_most, most_bytes, count = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local first_pk = 4 + 5 * count + 2
local number, cursor = tonumber(ARGV[first_pk - 2]), ARGV[first_pk - 1]
local looked, given, values = 0, 0, {}

local function look_at(pk, pattern, text)
  looked = looked + 1
  local long = string.byte(pattern, 2) ~= 91 and #text > MAX_PLAIN
  if pattern == '' or long or not string.find(text, pattern) then
    given = given + #text
    values[#values + 1] = pk
    values[#values + 1] = number
    values[#values + 1] = text
  end
end

local SCANS = { set = 'SSCAN', zset = 'ZSCAN', hash = 'HSCAN' }

-- Looks at a value from the cursor on; gives the next cursor if there is more.
local function look_at_field(pk, prefix, stored, sub, pattern)
  local key = key_from_template(prefix, pk)
  if stored == 'entry' or stored == 'string' then
    local text = stored == 'entry' and call('HGET', key, sub) or stored == 'string' and call('GET', key)
    if text then
      look_at(pk, pattern, text)
    end
  elseif stored == 'list' then
    local members = call('LRANGE', key, cursor, cursor + at_most - 1)
    for at = 1, #members do
      look_at(pk, pattern, members[at])
    end
    return #members == at_most and string.format('%.0f', cursor + at_most)
  elseif stored == 'stream' then
    local entries = call('XRANGE', key, cursor == '0' and '-' or cursor, '+', 'COUNT', at_most)
    for at = 1, #entries do
      for each = 2, #entries[at][2], 2 do
        look_at(pk, pattern, entries[at][2][each])
      end
    end
    return #entries == at_most and '(' .. entries[#entries][1]
  else
    local reply = call(SCANS[stored], key, cursor, 'COUNT', at_most)
    local step = stored == 'set' and 1 or 2
    for at = stored == 'hash' and 2 or 1, #reply[2], step do
      look_at(pk, pattern, reply[2][at])
    end
    return reply[1] ~= '0' and reply[1]
  end
  return false
end

local function count_members(pk, prefix, stored, sub)
  if call('SISMEMBER', KEYS[1], pk) == 1 then
    local key = key_from_template(prefix, pk)
    values[#values + 1] = pk
    values[#values + 1] = -number
    values[#values + 1] = stored == 'entry' and call('HEXISTS', key, sub) or size_of(stored, key)
  end
end

for at = first_pk, #ARGV do
  while number <= count do
    local field = 5 * number - 1
    if ARGV[field + 4] == '1' and cursor == '0' then
      unless_mistyped(count_members, ARGV[at], unpack(ARGV, field, field + 2))
    end
    cursor = unless_mistyped(look_at_field, ARGV[at], unpack(ARGV, field, field + 3)) or '0'
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
