-- Reads the operands of expressions from stored values, which may have been written by anything.
-- @requires is_day is_moment number_parts plain_number
-- @provides read_operand

local LONGEST = 1000 -- digits of an operand: a product takes a time quadratic in them

local function read_integer(value)
  return string.find(value, '^%-?%d+$') and plain_number(value, LONGEST)
end

local READERS = {
  int = read_integer,
  timedelta = read_integer,
  Decimal = function(value)
    return plain_number(value, LONGEST)
  end,
  float = function(value)
    if value == 'inf' or value == '-inf' or value == 'nan' then
      return value == 'nan' and math.huge - math.huge or value == 'inf' and math.huge or -math.huge
    end
    return number_parts(value) and tonumber(value)
  end,
  date = function(value)
    return is_day(value) and value
  end,
  datetime = function(value)
    return is_moment(value) and value
  end,
}

-- Returns the operand that a stored value of a type is: a number for a float, else a text. Nothing if it is none.
local function read_operand(kind, value)
  local read = READERS[kind]
  if read then
    return read(value)
  end
  return value
end
