-- Exact arithmetic with numbers as texts, such as -12.50, without an exponent: Lua's own numbers round.
-- @provides add_exact compare_exact multiply_exact plain_number

local LIMB, LIMB_DIGITS = 10000000, 7 -- the product of two limbs, and some more, is exact in a double

-- Returns the digits of a number, without its sign and its point; how many of them are behind the point; its sign.
local function digits_of_exact(text)
  local negative = string.byte(text) == 45
  local first, point = negative and 2 or 1, string.find(text, '.', 1, true)
  if point then
    return string.sub(text, first, point - 1) .. string.sub(text, point + 1), #text - point, negative
  end
  return string.sub(text, first), 0, negative
end

-- The limbs of digits, the lowest first.
local function limbs_of(digits)
  local limbs = {}
  for last = #digits, 1, -LIMB_DIGITS do
    limbs[#limbs + 1] = tonumber(string.sub(digits, math.max(1, last - LIMB_DIGITS + 1), last))
  end
  return limbs
end

local function text_of_limbs(limbs, scale, negative)
  local parts = {}
  for at = #limbs, 1, -1 do
    parts[#parts + 1] = string.format('%07d', limbs[at])
  end
  local digits = table.concat(parts)
  digits = string.rep('0', scale + 1 - #digits) .. digits
  local first = math.min(string.find(digits, '[1-9]') or #digits, #digits - scale)
  local is_zero = not string.find(digits, '[1-9]')
  local text = string.sub(digits, first, #digits - scale)
  if scale > 0 then
    text = text .. '.' .. string.sub(digits, -scale)
  end
  return negative and not is_zero and '-' .. text or text
end

-- Adds one magnitude to another, or subtracts it; the second result says whether the difference is negative.
local function combine_limbs(one, other, sign)
  local result, carry = {}, 0
  for at = 1, math.max(#one, #other) do
    local sum = (one[at] or 0) + sign * (other[at] or 0) + carry
    carry = math.floor(sum / LIMB)
    result[at] = sum - carry * LIMB
  end
  if carry > 0 then
    result[#result + 1] = carry
  elseif carry < 0 then
    return combine_limbs(other, one, -1), true
  end
  return result, false
end

local function add_exact(one, other)
  local digits, scale, negative = digits_of_exact(one)
  local other_digits, other_scale, other_negative = digits_of_exact(other)
  digits = digits .. string.rep('0', other_scale - scale)
  other_digits = other_digits .. string.rep('0', scale - other_scale)
  local sign = negative == other_negative and 1 or -1
  local limbs, is_turned = combine_limbs(limbs_of(digits), limbs_of(other_digits), sign)
  return text_of_limbs(limbs, math.max(scale, other_scale), negative ~= is_turned)
end

local function multiply_exact(one, other)
  local digits, scale, negative = digits_of_exact(one)
  local other_digits, other_scale, other_negative = digits_of_exact(other)
  local left, right, result = limbs_of(digits), limbs_of(other_digits), {}
  for i = 1, #left do
    local carry = 0
    for j = 1, #right do
      local sum = (result[i + j - 1] or 0) + left[i] * right[j] + carry
      carry = math.floor(sum / LIMB)
      result[i + j - 1] = sum - carry * LIMB
    end
    result[i + #right] = carry
  end
  return text_of_limbs(result, scale + other_scale, negative ~= other_negative)
end

-- Returns a negative number, 0 or a positive one, as the first number is less than the second, equal or greater.
local function compare_exact(one, other)
  if one == other then
    return 0
  end
  local negated = string.byte(other) == 45 and string.sub(other, 2) or '-' .. other
  local difference = add_exact(one, negated)
  if string.byte(difference) == 45 then
    return -1
  end
  return string.find(difference, '[1-9]') and 1 or 0
end

-- The text of a stored number without an exponent, a plus sign or zeros before it; nil if it is no number, or is longer
-- than `longest` digits.
local function plain_number(stored, longest)
  -- @defers number_parts
  local whole, fraction, exponent = number_parts(stored)
  local shift = whole and tonumber(string.sub(exponent, 2)) or 0
  if not whole or #whole + #fraction + math.abs(shift) > longest then
    return nil
  end
  whole = whole .. string.rep('0', 1 - #whole)
  if shift > 0 then
    fraction = fraction .. string.rep('0', shift - #fraction)
    whole, fraction = whole .. string.sub(fraction, 1, shift), string.sub(fraction, shift + 1)
  elseif shift < 0 then
    whole = string.rep('0', 1 - shift - #whole) .. whole
    whole, fraction = string.sub(whole, 1, shift - 1), string.sub(whole, shift) .. fraction
  end
  local text = string.sub(whole, string.find(whole, '[1-9]') or #whole)
  if fraction ~= '' then
    text = text .. '.' .. fraction
  end
  return string.byte(stored) == 45 and string.find(text, '[1-9]') and '-' .. text or text
end
