-- The form of a float: equal values are one text.
-- @requires as_score number_parts
-- @provides form_float

local function form_float(value)
  if value == 'inf' or value == '-inf' or value == 'nan' or not number_parts(value) then
    return value
  end
  return as_score(tonumber(value))
end
