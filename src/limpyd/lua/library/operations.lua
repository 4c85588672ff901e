-- The arithmetic of expressions. An operand or result is a number for a float, else a text, as it is stored.
-- @requires add_exact add_to_day add_to_moment days_between moments_between multiply_exact
-- @provides operations

local LONGEST_NUMBER, LONGEST_TEXT = 1002, 512 * 1024 * 1024 -- 1000 digits, a sign and a point

-- Returns the result of exact arithmetic, or nothing and the reason: a product takes a time quadratic in the digits.
local function short(result)
  if #result > LONGEST_NUMBER then
    return nil, 'has more than 1000 digits'
  end
  return result
end

local function in_years(result)
  return result, 'is beyond the years 1 to 9999'
end

-- Each returns the result, or nothing and the reason why there is none.
local operations = {}
operations['exact+'] = function(one, other)
  return short(add_exact(one, other))
end
operations['exact-'] = function(one, other)
  return short(add_exact(one, multiply_exact(other, '-1')))
end
operations['exact*'] = function(one, other)
  return short(multiply_exact(one, other))
end
operations['float+'] = function(one, other)
  return one + other
end
operations['float-'] = function(one, other)
  return one - other
end
operations['float*'] = function(one, other)
  return one * other
end
operations['text+'] = function(one, other)
  if #one + #other > LONGEST_TEXT then
    return nil, 'is longer than the 512 MB that Redis stores'
  end
  return one .. other
end
operations['moment+'] = function(one, other)
  return in_years(add_to_moment(one, other, 1))
end
operations['moment-'] = function(one, other)
  return in_years(add_to_moment(one, other, -1))
end
operations['day+'] = function(one, other)
  return in_years(add_to_day(one, other, 1))
end
operations['day-'] = function(one, other)
  return in_years(add_to_day(one, other, -1))
end
operations['moments-'] = moments_between
operations['days-'] = days_between
