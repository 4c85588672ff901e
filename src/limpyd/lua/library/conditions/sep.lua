-- Condition: a text within one of some intervals, in an index of limpyd 2. Its members are
-- `<value>:TEXT-RANGE-SEPARATOR:<primary key>`, which are not in the order of the values: "a" comes after "a!", since
-- the colon that follows it comes after the "!". So more than an interval is read, and each value is compared.
-- @requires after_beginning call conditions distinct keep_by_value read_range text_within
-- @provides conditions.sep

local separator = ':TEXT-RANGE-SEPARATOR:'
local after_separator = ':TEXT-RANGE-SEPARATOR;' -- the least text after all that begin with the separator
local MAX_BEGINNINGS = 200

local function value_and_pk(member)
  return string.match(member, '^(.*):TEXT%-RANGE%-SEPARATOR:(.*)$')
end

-- The parts of the index that hold the members of an interval, each as the two ends of ZRANGE BYLEX.
local function parts_of_interval(interval)
  local low, high = interval.low, interval.high
  if interval.above == '^' then
    return { { '[' .. low, after_beginning(low) } }
  end
  local is_point = interval.above == '[' and interval.below == ']' and low == high
  local from = interval.above == '-' and '-' or '[' .. low
  if interval.below == '+' or not is_point and #high > MAX_BEGINNINGS then
    return { { from, '+' } }
  end
  local parts = { { is_point and from .. separator or from, '(' .. high .. after_separator } }
  if not is_point then
    for length = 0, #high - 1 do
      local beginning = string.sub(high, 1, length)
      if string.byte(high, length + 1) <= 58 and text_within(interval, beginning) then
        parts[#parts + 1] = { '[' .. beginning .. separator, '(' .. beginning .. after_separator }
      end
    end
  end
  return parts
end

function conditions.sep(at)
  local range, next_at = read_range(at)
  range.size, range.repeats = 0, true
  for _, interval in ipairs(range.intervals) do
    interval.parts = parts_of_interval(interval)
    for _, part in ipairs(interval.parts) do
      range.size = range.size + call('ZLEXCOUNT', range.key, part[1], part[2])
    end
  end
  function range.list()
    local pks = {}
    for _, interval in ipairs(range.intervals) do
      for _, part in ipairs(interval.parts) do
        for _, member in ipairs(call('ZRANGEBYLEX', range.key, part[1], part[2])) do
          local value, pk = value_and_pk(member)
          if value and text_within(interval, value) then
            pks[#pks + 1] = pk
          end
        end
      end
    end
    return distinct(pks)
  end
  range.cost = range.size
  keep_by_value(range, text_within, tostring)
  range.scan = nil
  return range, next_at
end
