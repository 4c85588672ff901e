-- In which order values stand: texts by their bytes, numbers by their value.
-- @provides comes_before digits_of less_by_digits

-- Whether a text comes before another. Lua's own `<` goes by the language of the server's system.
local function comes_before(a, b)
  local shorter, from = math.min(#a, #b), 1
  while shorter - from > 1000 and string.sub(a, from, from + 999) == string.sub(b, from, from + 999) do
    from = from + 1000
  end
  for at = from, shorter do
    local one, other = string.byte(a, at), string.byte(b, at)
    if one ~= other then
      return one < other
    end
  end
  return #a < #b
end

-- The digits of a decimal number before and after its point, without zeros that say nothing; nothing for others.
local function digits_of(text)
  -- In two patterns: one that may give back digits would try all of them, in a time that is their square.
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

-- Whether a number comes before another that is the same double, by their digits.
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
