-- The conditions on ranges of numbers and texts (see lib/conditions).

-- The values in a key, or under a sub-key there, as they are stored.
local function values_at(key, stored, sub)
  if stored == 'entry' or stored == 'hash' then
    return { call('HGET', key, sub) or nil }
  elseif stored == 'string' then
    return { call('GET', key) or nil }
  elseif stored == 'set' then
    return call('SMEMBERS', key)
  elseif stored == 'list' then
    return call('LRANGE', key, 0, -1)
  elseif stored == 'zset' then
    return call('ZRANGE', key, 0, -1)
  end
  return {}
end

-- The values of an object in a place.
local function values_in(place, pk)
  return values_at(placed(place.prefix, pk), place.stored, place.sub)
end

-- Where the primary key begins in a member of a text index.
local function pk_in_text(member)
  local at = 1
  while true do
    at = string.find(member, '\0', at, true)
    if string.byte(member, at + 1) == 0 then
      return at + 2
    end
    at = at + 2
  end
end

local function pk_of_text(member)
  return string.sub(member, pk_in_text(member))
end

local function pk_of_number(member)
  return string.sub(member, string.find(member, ':', 1, true) + 1)
end

-- The intervals that ARGV holds from a position on; an end that was to be read and is not there leaves its one empty.
local function read_intervals(at)
  local intervals, count = {}, tonumber(ARGV[at])
  at = at + 1
  for _ = 1, count do
    local signs, lows, highs = ARGV[at], ARGV[at + 1], ARGV[at + 2]
    local above, below = string.sub(signs, 1, 1), string.sub(signs, 2, 2)
    at = at + 3
    if type(lows) == 'string' and type(highs) == 'string' then
      intervals[#intervals + 1] = { above = above, below = below, low = lows, high = highs }
    else
      lows = type(lows) == 'table' and lows or { lows }
      for number = 1, #lows do
        local high = type(highs) == 'table' and highs[number] or highs
        if type(high) == 'string' then
          intervals[#intervals + 1] = { above = above, below = below, low = lows[number], high = high }
        end
      end
    end
  end
  return intervals, at
end

-- Counts and lists what is within the intervals, of which `from` and `to` are the ends as the server takes them.
local function within(range, count, command, pk_of)
  local key, intervals, size = range.key, range.intervals, 0
  for at = 1, #intervals do
    size = size + call(count, key, intervals[at].from, intervals[at].to)
  end
  range.size = size
  function range.list()
    if #intervals == 1 and not pk_of then
      return call(command, key, intervals[1].from, intervals[1].to)
    end
    local all = {}
    for at = 1, #intervals do
      local found = call(command, key, intervals[at].from, intervals[at].to)
      for number = 1, #found do
        all[#all + 1] = pk_of and pk_of(found[number]) or found[number]
      end
    end
    return distinct(all)
  end
  local interval = intervals[1]
  if #intervals == 1 then
    range.walk = { by = command, key = key, from = interval.from, to = interval.to, pk_of = pk_of }
    -- How many entries come before the interval.
    function range.ranks()
      if interval.above == '-' then
        return 0
      elseif count == 'ZCOUNT' then
        return call(count, key, '-inf', interval.above == '(' and interval.low or '(' .. interval.low)
      end
      return call(count, key, '-', '(' .. string.sub(interval.from, 2))
    end
  end
end

local function number_ends(intervals)
  for at = 1, #intervals do
    local interval = intervals[at]
    local above, below = interval.above, interval.below
    interval.from = above == '-' and '-inf' or above == '(' and '(' .. interval.low or interval.low
    interval.to = below == '+' and '+inf' or below == ')' and '(' .. interval.high or interval.high
    interval.least = above == '-' and -math.huge or tonumber(interval.low)
    interval.most = below == '+' and math.huge or tonumber(interval.high)
  end
end

local function number_within(interval, number)
  local least, most = interval.least, interval.most
  return number >= least
    and number <= most
    and not (interval.above == '(' and number == least or interval.below == ')' and number == most)
end

-- Several intervals are always single values, which `in` asks for; as a set, made when it is needed.
local function points_of(range, convert)
  if #range.intervals > 1 and not range.points then
    range.points = {}
    for at = 1, #range.intervals do
      range.points[convert(range.intervals[at].low)] = true
    end
  end
  return range.points
end

function conditions.num(at)
  local key, intervals, next_at = ARGV[at], read_intervals(at + 1)
  local range = { key = key, intervals = intervals }
  number_ends(intervals)
  within(range, 'ZCOUNT', 'ZRANGEBYSCORE')
  function range.keep(pks)
    local scores, kept = ask_for('ZMSCORE', key, pks), {}
    local points = points_of(range, tonumber)
    local interval = intervals[1]
    for at = 1, interval and #scores or 0 do
      local number = scores[at] and tonumber(scores[at])
      if number and (points and points[number] or not points and number_within(interval, number)) then
        kept[#kept + 1] = pks[at]
      end
    end
    return kept
  end
  return range, next_at
end

-- Those that few queries need, made when the first of them is met.
local function more_ranges()
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

  conditions.geo = near

-- @include separated

  function conditions.geos(at)
    return near(at, pk_of_number)
  end
end
