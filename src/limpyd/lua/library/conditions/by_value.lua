-- Tests objects by their values, for conditions on ranges (see lua/library/conditions/ranges.lua).
-- @requires as_set comes_before keep_in normal_form points_of read_intervals values_in
-- @provides keep_by_value read_range

local function read_range(at)
  local range, next_at = read_intervals(at + 6)
  range.key = ARGV[at]
  range.place = { prefix = ARGV[at + 1], stored = ARGV[at + 2], sub = ARGV[at + 3], form = ARGV[at + 4] }
  range.checkable = ARGV[at + 5] == 'value'
  range.untestable = not range.checkable
  range.keeps_one = ARGV[at + 5] ~= 'several'
  return range, next_at
end

-- Tests objects by their values; or by the index, if that costs less or the values do not say. In a scan, an object
-- with several entries comes with the first of its values.
local function keep_by_value(range, is_within, convert, value_of)
  local place, interval = range.place, range.intervals[1]
  local points = points_of(range, convert)
  -- Calls a function with each value of an object that is within, until the function returns true.
  local function each_within(pk, act)
    local values = values_in(place, pk)
    for at = 1, #values do
      local text = normal_form(place.form, values[at])
      local value = text and convert(text)
      if value and (points and points[value] or not points and is_within(interval, value)) and act(value) then
        return true
      end
    end
    return false
  end
  local function found()
    return true
  end
  function range.keep(pks)
    if not range.checkable or range.size < #pks or not interval then
      return keep_in(as_set(range.list()), pks)
    end
    local kept = {}
    for at = 1, #pks do
      if each_within(pks[at], found) then
        kept[#kept + 1] = pks[at]
      end
    end
    return kept
  end
  if range.repeats and not range.checkable then
    range.scan = nil
  end
  local firsts = {}
  function range.is_first(pk, position, entry)
    if firsts[pk] == nil then
      local first = false
      each_within(pk, function(value)
        local one = points and points[value] or value
        if first == false then
          first = one
        elseif type(one) == 'number' and one < first or type(one) == 'string' and comes_before(one, first) then
          first = one
        end
      end)
      firsts[pk] = first
    end
    return firsts[pk] == false or firsts[pk] == (points and position or value_of(entry))
  end
end
