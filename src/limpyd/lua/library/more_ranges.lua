-- The conditions on ranges that few queries need (see library/conditions).
-- @requires as_set call comes_before conditions distinct keep_in known normal_form number_ends number_within
-- @requires pk_of_number pk_of_text points_of read_intervals values_in within
-- @provides after_beginning conditions.geo conditions.geos conditions.lex conditions.nums keep_by_value read_range
-- @provides text_within

local function read_range(at)
  local range = {
    key = ARGV[at],
    place = { prefix = ARGV[at + 1], stored = ARGV[at + 2], sub = ARGV[at + 3], form = ARGV[at + 4] },
    checkable = ARGV[at + 5] == '1',
  }
  local next_at
  range.intervals, next_at = read_intervals(at + 6)
  return range, next_at
end

-- The least text that no text with a beginning comes after, as an end of ZRANGE BYLEX.
local function after_beginning(text)
  local last = #text
  while last > 0 and string.byte(text, last) == 255 do
    last = last - 1
  end
  if last == 0 then
    return '+'
  end
  return '(' .. string.sub(text, 1, last - 1) .. string.char(string.byte(text, last) + 1)
end

-- How ZRANGE is told of an interval of texts, whose members end in a terminator and a primary key.
local function ends_of_text(interval)
  local low = interval.low and string.gsub(interval.low, '%z', '\0\255')
  local high = interval.high and string.gsub(interval.high, '%z', '\0\255')
  if interval.above == '^' then
    return '[' .. low, after_beginning(low)
  end
  local from = interval.above == '-' and '-' or interval.above == '[' and '[' .. low or '[' .. low .. '\0\1'
  local to = interval.below == '+' and '+' or interval.below == ']' and '(' .. high .. '\0\1' or '(' .. high
  return from, to
end

local function text_within(interval, text)
  if interval.above == '^' then
    return string.sub(text, 1, #interval.low) == interval.low
  elseif interval.above == '[' and comes_before(text, interval.low) then
    return false
  elseif interval.above == '(' and not comes_before(interval.low, text) then
    return false
  elseif interval.below == ']' and comes_before(interval.high, text) then
    return false
  end
  return interval.below ~= ')' or comes_before(text, interval.high)
end

-- Keeps objects by a look at their values, or where that costs more, or cannot be done, at the index.
local function keep_by_value(range, is_within, convert)
  local place, interval = range.place, range.intervals[1]
  local points = points_of(range, convert)
  local function has_value_within(pk)
    local values = values_in(place, pk)
    for at = 1, #values do
      local text = normal_form(place.form, values[at])
      local value = text and convert(text)
      if value and (points and points[value] or not points and is_within(interval, value)) then
        return true
      end
    end
    return false
  end
  function range.keep(pks)
    if not range.checkable or range.size < #pks or not interval then
      return keep_in(as_set(range.list()), pks)
    end
    local kept = {}
    for at = 1, #pks do
      if has_value_within(pks[at]) then
        kept[#kept + 1] = pks[at]
      end
    end
    return kept
  end
end

function conditions.nums(at)
  local range, next_at = read_range(at)
  number_ends(range.intervals)
  within(range, 'ZCOUNT', 'ZRANGEBYSCORE', pk_of_number)
  range.repeats = true -- an object has as many entries as values
  keep_by_value(range, number_within, tonumber)
  return range, next_at
end

function conditions.lex(at)
  local range, next_at = read_range(at)
  for _, interval in ipairs(range.intervals) do
    interval.from, interval.to = ends_of_text(interval)
  end
  within(range, 'ZLEXCOUNT', 'ZRANGEBYLEX', pk_of_text)
  local stored = range.place.stored
  range.repeats = not range.checkable or stored == 'set' or stored == 'list' or stored == 'zset'
  keep_by_value(range, text_within, tostring)
  return range, next_at
end

local function near(at, pk_of)
  local key, count = ARGV[at], tonumber(ARGV[at + 1])
  local pks = call('GEOSEARCH', key, unpack(ARGV, at + 2, at + 1 + count))
  if pk_of then
    for number = 1, #pks do
      pks[number] = pk_of(pks[number])
    end
    pks = distinct(pks)
  end
  return known(pks), at + 2 + count
end

function conditions.geo(at)
  return near(at)
end

function conditions.geos(at)
  return near(at, pk_of_number)
end
