-- Dates and moments plus and minus durations, as Python computes them; a duration is a number of microseconds, as text.
-- They are nil beyond the years 1 to 9999.
-- @requires add_exact day_of fraction_in time_of
-- @provides add_to_day add_to_moment days_between is_day is_moment moments_between

local DAY, LAST_DAY = 86400, 3652059 -- 9999-12-31
local LENGTHS = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 }

-- The date of a day by its number; 1 is the first day of the year 1.
local function date_of_day(number)
  local left = number - 1
  local function take(days, most)
    local periods = math.min(most, math.floor(left / days))
    left = left - periods * days
    return periods
  end
  local year = take(146097, math.huge) * 400 + take(36524, 3) * 100 + take(1461, math.huge) * 4 + take(365, 3) + 1
  local is_leap = year % 4 == 0 and (year % 100 ~= 0 or year % 400 == 0)
  local month = 1
  while true do
    local length = LENGTHS[month] + (month == 2 and is_leap and 1 or 0)
    if left < length then
      return string.format('%04d-%02d-%02d', year, month, left + 1)
    end
    left, month = left - length, month + 1
  end
end

-- The whole seconds of a duration, rounded down, and its microseconds beyond.
local function seconds_of(duration)
  local negative = string.byte(duration) == 45
  local digits = string.rep('0', 7) .. (negative and string.sub(duration, 2) or duration)
  local seconds, microseconds = tonumber(string.sub(digits, 1, -7)), tonumber(string.sub(digits, -6))
  if not negative then
    return seconds, microseconds
  elseif microseconds == 0 then
    return -seconds, 0
  end
  return -seconds - 1, 1000000 - microseconds
end

-- The number of a date's day; nil if it is no date.
local function number_of_day(value)
  local year, month, day = string.match(value, '^(%d%d%d%d)%-(%d%d)%-(%d%d)$')
  return year and day_of(year, month, day)
end

-- The seconds since the beginning of the year 1, and microseconds beyond, of a moment; nil if it is none.
local function seconds_of_moment(value)
  local date, hour, minute, second = string.match(value, '^(%d%d%d%d%-%d%d%-%d%d)T(%d%d):(%d%d):(%d%d)')
  local number = date and number_of_day(date)
  local fraction = number and string.byte(value, #value) == 90 and fraction_in(value, 20, -2)
  if not fraction then
    return nil
  end
  local seconds, microseconds = time_of(hour, minute, second, fraction)
  return seconds and number * DAY + seconds, microseconds
end

local function is_day(value)
  return number_of_day(value) ~= nil
end

local function is_moment(value)
  return seconds_of_moment(value) ~= nil
end

local function add_to_day(value, duration, sign)
  local number = number_of_day(value) + sign * math.floor(seconds_of(duration) / DAY)
  return number >= 1 and number <= LAST_DAY and date_of_day(number) or nil
end

local function add_to_moment(value, duration, sign)
  local seconds, microseconds = seconds_of_moment(value)
  local more_seconds, more_microseconds = seconds_of(duration)
  microseconds = microseconds + sign * more_microseconds
  local carry = math.floor(microseconds / 1000000)
  seconds, microseconds = seconds + sign * more_seconds + carry, microseconds - carry * 1000000
  local day = math.floor(seconds / DAY)
  if not (day >= 1 and day <= LAST_DAY) then
    return nil
  end
  local left = seconds - day * DAY
  local hour, minute = math.floor(left / 3600), math.floor(left % 3600 / 60)
  return string.format('%sT%02d:%02d:%02d.%06dZ', date_of_day(day), hour, minute, left % 60, microseconds)
end

local function days_between(one, other)
  local days = number_of_day(one) - number_of_day(other)
  return days == 0 and '0' or string.format('%.0f', days * DAY) .. '000000'
end

local function moments_between(one, other)
  local seconds, microseconds = seconds_of_moment(one)
  local other_seconds, other_microseconds = seconds_of_moment(other)
  seconds = seconds - other_seconds
  local whole = seconds == 0 and '0' or string.format('%.0f', seconds) .. '000000'
  return add_exact(whole, string.format('%.0f', microseconds - other_microseconds))
end
