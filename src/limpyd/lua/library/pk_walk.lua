-- Walks the automatic primary keys of a model, as numbers or by their bytes. They are among the numbers up to the
-- counter, so it asks of these numbers, some at a time, which are objects. (For walks see lua/library/index_walk.lua.)
-- @requires ask_for
-- @provides last_minted walk_of_pks

local LARGEST = 2 ^ 53 -- from here on doubles are not exact
local MAX_NUMBERS = 4000 -- the most numbers that are asked for at once

-- The last number that was given to an object; nothing if it is unknown, or too low.
local function last_minted(counter, everything)
  local last = counter ~= '' and redis.pcall('GET', counter)
  last = type(last) == 'string' and tonumber(last)
  return last and last >= everything and last < LARGEST and last or nil
end

-- The number after another one, and the one before it, among those up to the last; in the order of their digits as
-- text: 1, 10, 11, 2.
local function after_in_text(number, last)
  if number * 10 <= last then
    return number * 10
  elseif number >= last then
    number = math.floor(number / 10)
  end
  number = number + 1
  while number % 10 == 0 do
    number = number / 10
  end
  return number > 1 and number or nil
end

-- The last number that begins with the digits of another one.
local function last_beginning(number, last)
  while number * 10 <= last do
    number = math.min(number * 10 + 9, last)
  end
  return number
end

local function before_in_text(number, last)
  if number % 10 == 0 then
    return number / 10
  end
  return number > 1 and last_beginning(number - 1, last) or nil
end

-- Returns the walk of the numbers up to the last, after a primary key if one is given; nothing if that key is no such
-- number.
local function walk_of_pks(last, numeric, down, everything, after)
  local current, step
  if numeric then
    function step(number)
      number = number + (down and -1 or 1)
      return number > 0 and number <= last and number or nil
    end
  else
    local following = down and before_in_text or after_in_text
    function step(number)
      return following(number, last)
    end
  end
  if after then
    local number = string.match(after, '^[1-9]%d*$') and tonumber(after)
    if not number or number > last then
      return nil
    end
    current = step(number)
  elseif not down then
    current = last > 0 and 1 or nil
  elseif last > 0 then
    current = numeric and last or last_beginning(math.min(9, last), last)
  end
  local spread = last / math.max(everything, 1)
  local walk = { size = last, spread = spread }
  function walk.next(count)
    if not current then
      return nil
    end
    local numbers, pks = {}, {}
    local most = math.min(math.ceil(count * spread), MAX_NUMBERS)
    while current and #numbers < most do
      numbers[#numbers + 1] = string.format('%.0f', current)
      current = step(current)
    end
    local replies = ask_for('SMISMEMBER', KEYS[1], numbers)
    for at = 1, #replies do
      if replies[at] == 1 then
        pks[#pks + 1] = numbers[at]
      end
    end
    return pks, #numbers
  end
  return walk
end
