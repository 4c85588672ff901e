-- Days, times of day, and what stands for them in a text.
-- @provides day_of fraction_in time_of

local DAYS_BEFORE = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 }

local function day_of(year, month, day)
  year, month, day = tonumber(year), tonumber(month), tonumber(day)
  local leap = year % 4 == 0 and (year % 100 ~= 0 or year % 400 == 0)
  local days = month == 2 and (leap and 29 or 28) or (month == 4 or month == 6 or month == 9 or month == 11) and 30 or 31
  if year < 1 or month < 1 or month > 12 or day < 1 or day > days then
    return nil
  end
  local years = year - 1
  local before = years * 365 + math.floor(years / 4) - math.floor(years / 100) + math.floor(years / 400)
  return before + DAYS_BEFORE[month] + (leap and month > 2 and 1 or 0) + day
end

-- Seconds since midnight, and microseconds beyond.
local function time_of(hour, minute, second, fraction)
  hour, minute, second = tonumber(hour), tonumber(minute), tonumber(second)
  if hour > 23 or minute > 59 or second > 59 then
    return nil
  end
  return (hour * 60 + minute) * 60 + second, tonumber(string.sub(fraction .. '000000', 1, 6))
end

-- The fraction of a second that stands between two positions, with its point; nil if it is none.
local function fraction_in(value, first, last)
  local text = string.sub(value, first, last)
  return text == '' and '' or #text <= 7 and string.match(text, '^%.(%d+)$')
end
