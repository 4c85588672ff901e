-- Makes the types of exact numbers, and of durations. Most numbers are short; arithmetic with longer ones is loaded when
-- it is needed (lua/library/exact_decimals.lua).
-- @provides exact_type read_integer

local SHORT = 15 -- integers of so many digits are exact in a double
local LONGEST, LONGEST_RESULT = 1000, 1002 -- with a sign and a point. A product takes a time quadratic in its digits

local function read_exact(stored)
  if #stored <= SHORT and string.find(stored, '^%-?[1-9]%d*$') then
    return stored -- as most are
  end
  -- @defers plain_number
  return plain_number(stored, LONGEST)
end

local function read_integer(stored)
  return string.find(stored, '^%-?%d+$') and read_exact(stored)
end

-- Computes with numbers of any length; for `<`, returns a negative number if the first is less.
local function compute_exact(operation, one, other)
  -- @defers add_exact compare_exact multiply_exact
  if operation == '<' then
    return compare_exact(one, other)
  end
  local result
  if operation == '*' then
    result = multiply_exact(one, other)
  else
    result = add_exact(one, operation == '-' and multiply_exact(other, '-1') or other)
  end
  if #result > LONGEST_RESULT then
    return nil, 'has more than 1000 digits'
  end
  return result
end

local function short_integers(one, other, longest)
  return #one <= longest and #other <= longest and not string.find(one .. other, '.', 1, true)
end

local function short_text(number)
  return number == 0 and '0' or string.format('%.0f', number)
end

-- Returns a type whose results are between two numbers, if they are given; `reason` says what others are.
local function exact_type(read, lowest, highest, reason)
  return {
    zero = '0',
    read = read or read_exact,
    store = lowest and function(result)
      if #result <= SHORT or compute_exact('<', result, lowest) >= 0 and compute_exact('<', highest, result) >= 0 then
        return result
      end
      return nil, reason
    end,
    ['+'] = function(one, other)
      return short_integers(one, other, SHORT) and short_text(one + other) or compute_exact('+', one, other)
    end,
    ['-'] = function(one, other)
      return short_integers(one, other, SHORT) and short_text(one - other) or compute_exact('-', one, other)
    end,
    ['*'] = function(one, other)
      return short_integers(one, other, SHORT / 2) and short_text(one * other) or compute_exact('*', one, other)
    end,
  }
end
