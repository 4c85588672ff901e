-- Floats in expressions: doubles, stored as limpyd writes them.
-- @requires expression_types float_text number_parts
-- @provides expression_types.float

local SPECIAL = { inf = math.huge, ['-inf'] = -math.huge, nan = math.huge - math.huge }

function expression_types.float()
  return {
    zero = 0,
    read = function(stored)
      return SPECIAL[stored] or number_parts(stored) and tonumber(stored)
    end,
    store = float_text,
    ['+'] = function(one, other)
      return one + other
    end,
    ['-'] = function(one, other)
      return one - other
    end,
    ['*'] = function(one, other)
      return one * other
    end,
  }
end
