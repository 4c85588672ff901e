-- The form of a float: equal values are one text.
-- @provides form_float

local function form_float(value)
  if not string.find(value, '^%-?%d+%.?%d*$') then -- as few are
    -- @defers number_parts
    if value == 'inf' or value == '-inf' or value == 'nan' or not number_parts(value) then
      return value
    end
  end
  local number = tonumber(value)
  return number == 0 and '0' or string.format('%.17g', number)
end
