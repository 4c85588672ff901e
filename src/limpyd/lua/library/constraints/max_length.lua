-- Constraint: the length of a value is at most the limit. The argument is the unit, `characters` or `bytes`, a space, and the
-- limit.
-- @requires constraints length_in
-- @provides constraints.max_length

function constraints.max_length(argument, value)
  local unit, limit = string.match(argument, '^(%a+) (%d+)$')
  return length_in(unit, value) <= tonumber(limit)
end
