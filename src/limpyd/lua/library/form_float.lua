-- The form of a float: equal values are one text.
-- @requires as_score
-- @provides form_float

local function form_float(value)
  if string.find(value, '^%-?%d+%.?%d*$') then
    return as_score(tonumber(value)) -- as most are
  end
  -- @defers number_parts
  if value == 'inf' or value == '-inf' or value == 'nan' or not number_parts(value) then
    return value
  end
  return as_score(tonumber(value))
end
