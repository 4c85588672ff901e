-- Computes expressions on the values of one object.
--
-- In ARGV an expression is the name of a node and its arguments. `type` is one of lua/library/expression_types.lua;
-- `node` is an expression.
--   constant  type text            a constant, or the result of an earlier step of the transaction
--   field     type number          the value of a field, by its number; nothing if it has none
--   operand   type number          the same as an operand of arithmetic: a missing value is the zero of its type
--   stored    number               the value as it is stored
--   float     node                 an exact number as a float
--   compute   type name node node  the result of an operation of the type: '+', '-', '*' or 'between'
-- Conditions have further nodes, see lua/library/object_conditions.lua.
-- @requires refuse
-- @provides make_expressions

-- Called on first use: each run of a script creates its functions anew.
--
-- `original` reads a field of an object by its number, as it was before the step; `place_of` returns how the field is
-- stored, its key and its sub-key.
local function make_expressions(original, place_of)
  -- @defers expression_type
  local nodes, pk, target, has_conditions = {}, false, false, false

  local function evaluate(at)
    return nodes[ARGV[at]](at + 1)
  end

  function nodes.constant(at)
    local operand = expression_type(ARGV[at]).read(ARGV[at + 1])
    if operand == nil then
      refuse('incomputable', target, 'is computed from an earlier result that is no ' .. ARGV[at], ARGV[at + 1])
    end
    return operand, at + 2
  end

  function nodes.field(at)
    local kind, number = ARGV[at], tonumber(ARGV[at + 1])
    local stored = original(number, pk)
    if not stored then
      return nil, at + 2
    end
    local operand = expression_type(kind).read(stored)
    if not operand then
      local _, key = place_of(number, pk)
      refuse('undecodable', number, kind, stored, key)
    end
    return operand, at + 2
  end

  function nodes.operand(at)
    local operand, after = nodes.field(at)
    if operand == nil then
      operand = expression_type(ARGV[at]).zero or refuse('valueless', tonumber(ARGV[at + 1]), ARGV[at])
    end
    return operand, after
  end

  function nodes.stored(at)
    return original(tonumber(ARGV[at]), pk) or nil, at + 1
  end

  function nodes.float(at)
    local exact, after = evaluate(at)
    local number = exact and tonumber(exact)
    if number == math.huge or number == -math.huge then
      refuse('incomputable', target, 'is beyond the floats', exact)
    end
    return number, after
  end

  function nodes.compute(at)
    local one, after = evaluate(at + 2)
    local other
    other, after = evaluate(after)
    local result, reason = expression_type(ARGV[at])[ARGV[at + 1]](one, other)
    if result == nil then
      refuse('incomputable', target, reason)
    end
    return result, after
  end

  local expressions = {}

  -- Returns the new value of a field of an object, by its number; nothing if there is none. In ARGV, from a position on,
  -- are the type that it is stored as, or 'stored' for a value that is copied, and the expression.
  function expressions.result(at, of, number)
    pk, target = of, number
    local result = evaluate(at + 1)
    local store = result ~= nil and ARGV[at] ~= 'stored' and expression_type(ARGV[at]).store
    if not store then
      return result
    end
    local stored, reason = store(result)
    if not stored then
      refuse('incomputable', number, reason, result)
    end
    return stored
  end

  -- Returns whether a condition, which is in ARGV from a position on, holds of an object.
  function expressions.holds(at, of)
    pk, target = of, false
    if not has_conditions then
      -- @defers add_condition_nodes
      add_condition_nodes(nodes, evaluate, function(number)
        return place_of(number, pk)
      end)
      has_conditions = true
    end
    return (evaluate(at))
  end

  return expressions
end
