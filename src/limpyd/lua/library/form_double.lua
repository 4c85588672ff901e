-- The form of a float in an index of numbers.
-- @requires as_score
-- @provides form_double

local function form_double(value)
  if string.find(value, '^%-?%d+%.%d+$') then
    return as_score(tonumber(value)) -- as most are
  end
  -- @defers number_parts
  if value == 'inf' or value == '+inf' then
    return 'inf'
  elseif value == '-inf' then
    return '-inf'
  elseif not number_parts(value) then
    return nil, value == 'nan' and 'NaN has no position in the order of numbers' or 'it is not a number'
  end
  return as_score(tonumber(value))
end
