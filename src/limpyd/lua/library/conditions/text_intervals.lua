-- Intervals of texts (see lua/library/conditions/ranges.lua).
-- @requires comes_before
-- @provides after_beginning ends_of_text text_within

-- The end of ZRANGE BYLEX after all texts with a beginning.
local function after_beginning(text)
  local last = #text
  while last > 0 and string.byte(text, last) == 255 do
    last = last - 1
  end
  if last == 0 then
    return '+'
  end
  return '(' .. string.sub(text, 1, last - 1) .. string.char(string.byte(text, last) + 1)
end

-- The ends of ZRANGE BYLEX for an interval. Members of the index end in a terminator and a primary key.
local function ends_of_text(interval)
  local low = interval.low and string.gsub(interval.low, '%z', '\0\255')
  local high = interval.high and string.gsub(interval.high, '%z', '\0\255')
  if interval.above == '^' then
    return '[' .. low, after_beginning(low)
  end
  local from = interval.above == '-' and '-' or interval.above == '[' and '[' .. low or '[' .. low .. '\0\1'
  local to = interval.below == '+' and '+' or interval.below == ']' and '(' .. high .. '\0\1' or '(' .. high
  return from, to
end

local function text_within(interval, text)
  if interval.above == '^' then
    return string.sub(text, 1, #interval.low) == interval.low
  elseif interval.above == '[' and comes_before(text, interval.low) then
    return false
  elseif interval.above == '(' and not comes_before(interval.low, text) then
    return false
  elseif interval.below == ']' and comes_before(interval.high, text) then
    return false
  end
  return interval.below ~= ')' or comes_before(text, interval.high)
end
