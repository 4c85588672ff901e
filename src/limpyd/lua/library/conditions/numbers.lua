-- Intervals of numbers (see lua/library/conditions/ranges.lua).
-- @provides number_ends number_within

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
