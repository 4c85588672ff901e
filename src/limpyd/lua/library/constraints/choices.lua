-- Constraint: a value equals one of some others. The argument is the order that says which values are equal (see
-- lua/library/compare_values.lua), a space, and the others as netstrings.
-- @requires compare_values constraints
-- @provides constraints.choices

function constraints.choices(argument, value)
  local order, at = string.match(argument, '^(%a+) ()')
  while at <= #argument do
    local length, first = string.match(argument, '^(%d+):()', at)
    local choice = string.sub(argument, first, first + length - 1)
    if choice == value or order ~= 'text' and compare_values(order .. ' ' .. choice, value) == 0 then
      return true
    end
    at = first + length + 1
  end
  return false
end
