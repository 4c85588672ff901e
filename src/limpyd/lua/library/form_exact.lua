-- The form of a number in an index of numbers that rounds none: each number must have a double of its own.
-- @provides form_exact

local SMALLEST_NORMAL, LARGEST_EXACT, DIGITS_KEPT = 2.2250738585072014e-308, '9007199254740992', 15

local function form_exact(value)
  if #value <= DIGITS_KEPT and string.find(value, '^[1-9]%d*$') then
    return value -- as most are
  end
  -- @defers as_score number_parts without_last_zeros
  local whole, fraction, exponent = number_parts(value)
  if not whole then
    return nil, 'it is not a number'
  end
  fraction = without_last_zeros(fraction)
  local first = string.find(whole .. fraction, '[1-9]')
  if not first then
    return '0'
  end
  local digits, number = string.sub(whole .. fraction, first), tonumber(value)
  if math.abs(number) < SMALLEST_NORMAL or math.abs(number) == math.huge then
    return nil, 'it is too large or too small for a number index'
  end
  local is_exact = fraction == '' and exponent == '' and (#digits < 16 or #digits == 16 and digits <= LARGEST_EXACT)
  if #without_last_zeros(digits) > DIGITS_KEPT and not is_exact then
    return nil, 'a number index stores up to 15 digits, or integers up to 2**53, and does not round'
  end
  return as_score(number)
end
