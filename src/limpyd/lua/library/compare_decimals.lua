-- Compares decimal numbers of any length, which are texts, without rounding.
-- @requires compare_bytes
-- @provides compare_decimals

-- Returns whether a number is negative; its digits, without zeros at the ends; and how many of them are before the
-- point. Nothing if the text is no number.
local function parts_of_number(text)
  local mantissa, exponent = string.match(text, '^([^eE]*)[eE]([+-]?%d+)$')
  local sign, whole, fraction = string.match(mantissa or text, '^([+-]?)(%d*)%.?(%d*)$')
  if not sign or whole == '' and fraction == '' then
    return nil
  end
  local zeros, digits = string.match(whole .. fraction, '^(0*)(%d-)0*$')
  if digits == '' then
    return false, '', 0
  end
  return sign == '-', digits, #whole - #zeros + (tonumber(exponent) or 0)
end

-- Returns -1, 0 or 1 if the first number is less than, equal to or greater than the second; nil if one is no number.
local function compare_decimals(first, second)
  local negative, digits, point = parts_of_number(first)
  local other_negative, other_digits, other_point = parts_of_number(second)
  if negative == nil or other_negative == nil then
    return nil
  elseif negative ~= other_negative then
    return negative and -1 or 1
  end
  local order
  if digits == '' or other_digits == '' then
    order = #digits == #other_digits and 0 or digits == '' and -1 or 1
  elseif point ~= other_point then
    order = point < other_point and -1 or 1
  else
    order = compare_bytes(digits, other_digits)
  end
  return negative and -order or order
end
