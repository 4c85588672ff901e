-- The kinds of constraints that the server checks (constraints/kinds.py). Each is a file in the folder
-- lua/library/constraints, which a script loads when it first meets one. `constraints.NAME(argument, value)` returns
-- whether a stored value satisfies the constraint. Those of the number of members are in lua/library/check_size.lua.
-- @provides constraints

local constraints = {}
