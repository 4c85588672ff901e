-- Parts of the text of a number.
-- @provides number_parts without_last_zeros

-- Not by a pattern: one that ends in '0+$' takes a time quadratic in the zeros it meets.
local function without_last_zeros(digits)
  local last = #digits
  while last > 0 and string.byte(digits, last) == 48 do
    last = last - 1
  end
  return string.sub(digits, 1, last)
end

-- Returns the digits of a number before its point and after it, and its exponent; nil if the text is no number.
local function number_parts(value)
  local first = string.find(value, '^[+-]') and 2 or 1
  local after_whole = string.find(value, '%D', first) or #value + 1
  local whole, fraction, rest = string.sub(value, first, after_whole - 1), '', after_whole
  if string.sub(value, rest, rest) == '.' then
    rest = string.find(value, '%D', after_whole + 1) or #value + 1
    fraction = string.sub(value, after_whole + 1, rest - 1)
  end
  local exponent = string.sub(value, rest)
  if whole == '' and fraction == '' or exponent ~= '' and not string.find(exponent, '^[eE][+-]?%d%d?%d?%d?$') then
    return nil
  end
  return whole, fraction, exponent
end
