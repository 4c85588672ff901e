-- Ranges of numbers and texts (see lua/library/conditions.lua).
-- @requires call distinct read_count
-- @provides pk_of_number pk_of_text points_of read_intervals within

-- Returns where the primary key begins in a member of a text index.
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

-- Reads intervals from ARGV, and whether more follow that are not sent. An interval is empty if an end was to be read
-- on the server, and does not exist.
local function read_intervals(at)
  local intervals, was_read = {}, false
  local count, more = read_count(ARGV[at])
  at = at + 1
  for _ = 1, count do
    local signs, lows, highs = ARGV[at], ARGV[at + 1], ARGV[at + 2]
    local above, below = string.sub(signs, 1, 1), string.sub(signs, 2, 2)
    at = at + 3
    if type(lows) == 'string' and type(highs) == 'string' then
      intervals[#intervals + 1] = { above = above, below = below, low = lows, high = highs }
    else
      was_read = true
      lows = type(lows) == 'table' and lows or { lows }
      for number = 1, #lows do
        local high = type(highs) == 'table' and highs[number] or highs
        if type(high) == 'string' then
          intervals[#intervals + 1] = { above = above, below = below, low = lows[number], high = high }
        end
      end
    end
  end
  return { intervals = intervals, more = more, was_read = was_read }, at
end

-- Counts and lists the objects within the intervals; their `from` and `to` are the ends as the server takes them.
local function within(range, counting, command, pk_of)
  local key, intervals, size = range.key, range.intervals, 0
  for at = 1, #intervals do
    local interval = intervals[at]
    interval.size = call(counting, key, interval.from, interval.to)
    size = size + interval.size
  end
  range.value_count = #intervals
  range.size, range.cost = size, size + (#intervals > 1 and #intervals or 0)
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

  -- Returns how many entries come before one of the intervals.
  local function rank_of_interval(interval)
    if interval.above == '-' then
      return 0
    elseif counting == 'ZCOUNT' then
      return call(counting, key, '-inf', interval.above == '(' and interval.low or '(' .. interval.low)
    end
    return call(counting, key, '-', '(' .. string.sub(interval.from, 2))
  end
  if #intervals == 1 then
    range.walk = { key = key }
    function range.ranks()
      return rank_of_interval(intervals[1])
    end
  end

  if #intervals == 1 or not range.was_read then
    function range.scan(cursor, count)
      -- @defers scan_intervals
      return scan_intervals(range, cursor, count, rank_of_interval, command, pk_of)
    end
  end
end

-- Several intervals are always single values, from `in`. Returns the position of each value; made on first use.
local function points_of(range, convert)
  if #range.intervals > 1 and not range.points then
    range.points = {}
    for at = #range.intervals, 1, -1 do
      range.points[convert(range.intervals[at].low)] = at
    end
  end
  return range.points
end
