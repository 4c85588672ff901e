-- The form of a moment: microseconds since 1970.
-- @requires day_of fraction_in time_of
-- @provides form_moment

local FIRST_OF_1970 = 719163 -- the number of its day

local function form_moment(value)
  local year, month, day, hour, minute, second =
    string.match(value, '^(%d%d%d%d)%-(%d%d)%-(%d%d)T(%d%d):(%d%d):(%d%d)')
  local number = year and day_of(year, month, day)
  local fraction = number and string.byte(value, #value) == 90 and fraction_in(value, 20, -2)
  local seconds, microseconds
  if fraction then
    seconds, microseconds = time_of(hour, minute, second, fraction)
  end
  if not seconds then
    return nil, 'it is not a datetime (YYYY-MM-DDTHH:MM:SS.ffffffZ)'
  end
  -- Whole seconds in microseconds are exact for any year; the sum may not be.
  local whole = ((number - FIRST_OF_1970) * 86400 + seconds) * 1000000
  if whole + microseconds - whole ~= microseconds then
    return nil, 'a number index cannot store microseconds so far from 1970; use TextRangeIndex'
  end
  return string.format('%.0f', whole + microseconds)
end
