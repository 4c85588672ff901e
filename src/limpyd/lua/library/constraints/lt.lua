-- Constraint: a value is less than the limit. The argument is the order, a space, and the limit (see lua/library/compare_values.lua).
-- @requires compare_values constraints
-- @provides constraints.lt

function constraints.lt(argument, value)
  local order = compare_values(argument, value)
  return order and order < 0
end
