-- The form of a date: the number of its day; 1 is the first day of the year 1.
-- @requires day_of
-- @provides form_days

local function form_days(value)
  local year, month, day = string.match(value, '^(%d%d%d%d)%-(%d%d)%-(%d%d)$')
  local number = year and day_of(year, month, day)
  if not number then
    return nil, 'it is not a date (YYYY-MM-DD)'
  end
  return string.format('%.0f', number)
end
