-- Returns the type of a name (see lua/library/expression_types.lua).
-- @requires expression_types
-- @provides expression_type

local made_types = {}

local function expression_type(name)
  local made = made_types[name]
  if not made then
    -- @choose expression_types name
    made = expression_types[name]()
    made_types[name] = made
  end
  return made
end
