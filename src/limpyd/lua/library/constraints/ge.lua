-- Constraint: a value is at least the limit. The argument is the order, a space, and the limit (see lua/library/compare_values.lua).
-- @requires compare_values constraints
-- @provides constraints.ge

function constraints.ge(argument, value)
  local order = compare_values(argument, value)
  return order and order >= 0
end
