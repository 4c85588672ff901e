-- The text of a float as Python stores it: the shortest that is read as the same float.
-- @requires add_exact
-- @provides float_text

local SMALLEST_NORMAL, LARGEST_PLAIN = 2.2250738585072014e-308, 1e16 -- from here on Python writes an exponent

-- Returns the fewest digits that mean a positive number, without zeros at the end, and the exponent of the first one.
local function shortest_digits(number)
  for precision = number < SMALLEST_NORMAL and 0 or 14, 16 do
    local text = string.format('%.' .. precision .. 'e', number)
    local whole, fraction, exponent = string.match(text, '^(%d)%.?(%d*)e(.*)$')
    local digits = whole .. fraction
    if tonumber(text) ~= number and precision == 15 and math.frexp(number) == 0.5 then
      -- Below a power of two floats are closer to each other than above it, so the nearest text may mean another one.
      digits = add_exact(digits, '1')
      text = string.sub(digits, 1, 1) .. '.' .. string.sub(digits, 2) .. 'e' .. exponent
    end
    if tonumber(text) == number then
      return string.match(digits, '^(%d-)0*$'), tonumber(exponent)
    end
  end
end

local function float_text(number)
  if number ~= number then
    return 'nan'
  elseif number == math.huge or number == -math.huge then
    return number > 0 and 'inf' or '-inf'
  elseif number == math.floor(number) and math.abs(number) < LARGEST_PLAIN then
    return string.format('%.0f', number)
  end
  local sign, digits, exponent = number < 0 and '-' or '', shortest_digits(math.abs(number))
  if exponent >= 16 or exponent < -4 then
    local fraction = string.sub(digits, 2)
    local point = fraction == '' and '' or '.'
    return string.format('%s%s%s%se%s%02d', sign, string.sub(digits, 1, 1), point, fraction, exponent < 0 and '-' or '+', math.abs(exponent))
  elseif exponent < 0 then
    return sign .. '0.' .. string.rep('0', -exponent - 1) .. digits
  end
  return sign .. string.sub(digits, 1, exponent + 1) .. '.' .. string.sub(digits, exponent + 2)
end
