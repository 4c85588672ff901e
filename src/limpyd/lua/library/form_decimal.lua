-- The form of a Decimal: equal values are one text.
-- @requires without_last_zeros
-- @provides form_decimal

local function form_decimal(value)
  if string.match(value, '^%-?%d+%.%d+$') then
    value = without_last_zeros(value)
    value = string.byte(value, #value) == 46 and string.sub(value, 1, -2) or value
  end
  return value == '-0' and '0' or value
end
