-- The form of a time of day: microseconds since midnight.
-- @requires fraction_in time_of
-- @provides form_clock

local function form_clock(value)
  local hour, minute, second = string.match(value, '^(%d%d):(%d%d):(%d%d)')
  local fraction = hour and fraction_in(value, 9, -1)
  local seconds, microseconds
  if fraction then
    seconds, microseconds = time_of(hour, minute, second, fraction)
  end
  if not seconds then
    return nil, 'it is not a time of day (HH:MM:SS.ffffff)'
  end
  return string.format('%.0f', seconds * 1000000 + microseconds)
end
