-- Sorts objects by numbers that are the same double, but may differ in their digits.
-- @requires digits_of less_by_digits
-- @provides by_digits

-- The digits of a number, as one text for all texts that mean the same number.
local function digits_as_text(text)
  local negative, whole, fraction = digits_of(text)
  if whole == nil then -- it has an exponent, or is no decimal number
    local number = tonumber(text)
    text = string.format(number == math.floor(number) and '%.0f' or '%.99f', number)
    negative, whole, fraction = digits_of(text)
  end
  return whole and (negative and '-' or '') .. '0' .. whole .. '.' .. fraction or text
end

-- Calls `take` with the objects in the order of their digits (see by_texts in lua/library/by_texts.lua).
local function by_digits(positions, texts, down, cursor, take)
  local first, alike = cursor or texts[positions[1]], true
  for number = 1, #positions do
    alike = alike and texts[positions[number]] == first
  end
  if alike then
    return take(positions, cursor ~= nil)
  end
  local different, positions_of = {}, {}
  for number = 1, #positions do
    local digits = digits_as_text(texts[positions[number]])
    if not positions_of[digits] then
      positions_of[digits] = {}
      different[#different + 1] = digits
    end
    table.insert(positions_of[digits], positions[number])
  end
  table.sort(different, function(one, other)
    if down then
      one, other = other, one
    end
    return less_by_digits(one, other)
  end)
  cursor = cursor and digits_as_text(cursor)
  for number = 1, #different do
    local digits, passed = different[number], false
    if cursor and cursor ~= digits then
      passed = less_by_digits(digits, cursor) ~= down
    end
    if not passed and take(positions_of[digits], cursor == digits) then
      return true
    end
  end
  return false
end
