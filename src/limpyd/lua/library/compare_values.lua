-- Compares a stored value with a limit, in the order of its type: `number` for exact numbers, `float` for doubles,
-- `time` for moments and times of day, `text` for bytes.
-- @requires compare_bytes compare_decimals
-- @provides compare_values

local function compare_floats(value, limit)
  local number, other = tonumber(value), tonumber(limit)
  if not number or number ~= number then
    return nil
  end
  return number == other and 0 or number < other and -1 or 1
end

-- Others may have stored a time with fewer digits of a second.
local function with_microseconds(text)
  local head, fraction, zone = string.match(text, '^(.-%d%d:%d%d:%d%d)%.?(%d*)(Z?)$')
  return head and head .. '.' .. string.sub(fraction .. '000000', 1, 6) .. zone
end

local function compare_times(value, limit)
  local full = with_microseconds(value)
  return full and compare_bytes(full, with_microseconds(limit))
end

local orders = { number = compare_decimals, float = compare_floats, time = compare_times, text = compare_bytes }

-- Returns -1, 0 or 1 if the value is less than, equal to or greater than the limit; nil if it has no place in the order.
-- The argument is the order, a space, and the limit.
local function compare_values(argument, value)
  local order, limit = string.match(argument, '^(%a+) (.*)$')
  return orders[order](value, limit)
end
