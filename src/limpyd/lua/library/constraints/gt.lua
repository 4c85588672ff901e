-- Constraint: a value is greater than the limit. The argument is the order, a space, and the limit (see lua/library/compare_values.lua).
-- @requires compare_values constraints
-- @provides constraints.gt

function constraints.gt(argument, value)
  local order = compare_values(argument, value)
  return order and order > 0
end
