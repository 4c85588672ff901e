-- Ranges of numbers and texts, and the condition on those of numbers (see library/conditions).
-- @requires ask_for call conditions distinct
-- @provides conditions.num number_ends number_within pk_of_number pk_of_text points_of read_intervals within

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
