-- The order of values: texts by their bytes, numbers by their value.
-- @provides comes_before digits_of less_by_digits

-- Returns whether a text comes before another. Lua's own `<` follows the locale of the server, and comparing byte after
-- byte is slow. Whether two parts are equal is found at once, so the first difference is found by halving.
local function comes_before(a, b)
  if a == b then
    return false
  end
  local equal, shorter = 0, math.min(#a, #b)
  local byte, other = string.byte(a), string.byte(b)
  if byte == other and shorter > 0 then
    local differs = shorter + 1 -- the texts are equal up to `equal`, and not up to `differs`, if that long
    local step = 8
    while equal + 1 < differs do
      local middle = math.min(equal + step, math.floor((equal + differs) / 2))
      if string.sub(a, equal + 1, middle) == string.sub(b, equal + 1, middle) then
        equal, step = middle, step * 8
      else
        differs = middle
      end
    end
    byte, other = string.byte(a, equal + 1), string.byte(b, equal + 1)
  end
  if byte == nil or other == nil then
    return byte == nil
  end
  return byte < other
end
-- Returns the digits of a decimal number before and after its point, without leading and trailing zeros; nothing for
-- other texts.
local function digits_of(text)
  -- In two patterns: a single one would backtrack, in quadratic time.
  local sign, whole, rest = string.match(text, '^([+-]?)(%d+)(.*)$')
  local fraction = rest == '' and '' or rest and string.match(rest, '^%.(%d*)$')
  if not fraction then
    return nil
  end
  whole = string.gsub(whole, '^0+', '')
  local last = #fraction
  while last > 0 and string.byte(fraction, last) == 48 do
    last = last - 1
  end
  fraction = string.sub(fraction, 1, last)
  return sign == '-' and whole .. fraction ~= '', whole, fraction
end

-- Returns whether a number comes before another that is the same double, by their digits.
local function less_by_digits(a, b)
  local a_negative, a_whole, a_fraction = digits_of(a)
  local b_negative, b_whole, b_fraction = digits_of(b)
  if a_whole == nil or b_whole == nil then
    return false
  elseif a_negative ~= b_negative then
    return a_negative
  elseif a_negative then
    a_whole, a_fraction, b_whole, b_fraction = b_whole, b_fraction, a_whole, a_fraction
  end
  if #a_whole ~= #b_whole then
    return #a_whole < #b_whole
  elseif a_whole ~= b_whole then
    return comes_before(a_whole, b_whole)
  end
  return a_fraction ~= b_fraction and comes_before(a_fraction, b_fraction)
end
