-- The form of the number that Python reads in a text: a float, or an integer that a double can be.
-- @requires form_double number_parts
-- @provides form_numeral

local function form_numeral(value)
  if #value <= 15 and string.find(value, '^[1-9]%d*$') then
    return value -- as most are
  end
  local score, reason = form_double(value)
  local whole, fraction, exponent = number_parts(value)
  if not whole then
    return score, reason -- infinite; or no number
  end
  local number = math.abs(tonumber(value))
  if number == math.huge or number == 0 and string.find(whole .. fraction, '[1-9]') then
    return nil, 'it is too large or too small for a number index'
  end
  local is_integer = exponent == '' and not string.find(value, '.', 1, true)
  if is_integer and string.format('%.0f', number) ~= string.match(whole, '^0*(%d+)$') then
    return nil, 'a number index stores only integers that a double can represent, such as all up to 2**53, and does not round'
  end
  return score
end
