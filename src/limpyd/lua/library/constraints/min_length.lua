-- Constraint: the length of a value is at least the limit. The argument is the unit, `characters` or `bytes`, a space, and the
-- limit.
-- @requires constraints length_in
-- @provides constraints.min_length

function constraints.min_length(argument, value)
  local unit, limit = string.match(argument, '^(%a+) (%d+)$')
  return length_in(unit, value) >= tonumber(limit)
end
