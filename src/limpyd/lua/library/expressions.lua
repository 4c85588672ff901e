-- Computes expressions, and whether conditions hold, on the values of one object.
--
-- In ARGV an expression is the name of a node, and what follows it:
--   constant  type text           a constant
--   field     type number         the value of a field, by its number; nothing if it has none
--   operand   type number         the same as a part of arithmetic, where a missing number is 0, a missing text empty
--   stored    number              the value as it is stored
--   float     node                an integer as a float
--   compute   name node node      the result of one of the operations of lua/library/operations.lua
-- A condition is:
--   compare   kind operator node node   compares as `exact` numbers, `float`, `mixed` (exact, float) or `text`; whatever
--                                       is missing is not equal to anything, nor less or greater
--   startswith  node text         has a value that begins with the text
--   missing   number              the field has no value
--   member    number member       the field has a member, or a sub-key
--   all, any  count condition…    all hold, or any does
--   not       condition           does not hold
-- @requires call refuse
-- @provides make_expressions

-- Made on first use: functions are made anew for each script that runs.
--
-- `original` reads a field of an object by its number, as it was before the step; `place_of` returns how the field is
-- stored, its key and its sub-key.
local function make_expressions(original, place_of)
  -- @defers comes_before compare_exact operations read_operand stored_result
  local nodes, pk, target, evaluate = {}, false, false, nil

  local function stored_operand(kind, number)
    local value = original(number, pk)
    local operand = value and read_operand(kind, value)
    if value and not operand then
      local _, key, sub = place_of(number, pk)
      refuse('undecodable', number, kind, value, key, sub)
    end
    return operand or nil
  end

  function nodes.constant(at)
    return read_operand(ARGV[at], ARGV[at + 1]), at + 2
  end

  function nodes.field(at)
    return stored_operand(ARGV[at], tonumber(ARGV[at + 1])), at + 2
  end

  function nodes.stored(at)
    return original(tonumber(ARGV[at]), pk) or nil, at + 1
  end

  local ZEROS = { int = '0', Decimal = '0', timedelta = '0', float = 0, str = '', bytes = '' }

  function nodes.operand(at)
    local kind, number = ARGV[at], tonumber(ARGV[at + 1])
    local operand = stored_operand(kind, number)
    if operand == nil then
      operand = ZEROS[kind] or refuse('valueless', number, kind)
    end
    return operand, at + 2
  end

  function nodes.float(at)
    local value, after = evaluate(at)
    local number = value and tonumber(value)
    if number == math.huge or number == -math.huge then
      refuse('incomputable', target, 'is beyond the floats', value)
    end
    return number, after
  end

  function nodes.compute(at)
    local one, after = evaluate(at + 1)
    local other
    other, after = evaluate(after)
    local result, reason = operations[ARGV[at]](one, other)
    if result == nil then
      refuse('incomputable', target, reason)
    end
    return result, after
  end

  -- Compares an exact number with a float, without rounding it.
  local function compare_mixed(exact, float)
    local whole = math.floor(float)
    if float ~= float or whole == math.huge or whole == -math.huge then
      return float == float and -float or nil
    end
    local sign = compare_exact(exact, string.format('%.0f', whole))
    return sign == 0 and whole - float or sign
  end

  local COMPARISONS = {
    exact = compare_exact,
    mixed = compare_mixed,
    float = function(one, other)
      return one == one and other == other and (one < other and -1 or one > other and 1 or 0) or nil
    end,
    text = function(one, other)
      return one == other and 0 or comes_before(one, other) and -1 or 1
    end,
  }

  function nodes.compare(at)
    local compare, operator = COMPARISONS[ARGV[at]], ARGV[at + 1]
    local one, after = evaluate(at + 2)
    local other
    other, after = evaluate(after)
    local sign = one ~= nil and other ~= nil and compare(one, other)
    if operator == 'ne' then
      return sign ~= 0, after
    elseif not sign then
      return false, after
    elseif sign == 0 then
      return operator == 'eq' or operator == 'lte' or operator == 'gte', after
    end
    return operator == (sign < 0 and 'lt' or 'gt') or operator == (sign < 0 and 'lte' or 'gte'), after
  end

  function nodes.startswith(at)
    local value, after = evaluate(at)
    local text = ARGV[after]
    return value ~= nil and string.sub(value, 1, #text) == text, after + 1
  end

  function nodes.missing(at)
    local stored, key, sub = place_of(tonumber(ARGV[at]), pk)
    if stored == 'entry' then
      return call('HEXISTS', key, sub) == 0, at + 1
    end
    return call('EXISTS', key) == 0, at + 1
  end

  function nodes.member(at)
    local stored, key = place_of(tonumber(ARGV[at]), pk)
    local member = ARGV[at + 1]
    if stored == 'set' then
      return call('SISMEMBER', key, member) == 1, at + 2
    elseif stored == 'zset' then
      return call('ZSCORE', key, member) ~= false, at + 2
    end
    return call('LPOS', key, member) ~= false, at + 2
  end

  local function joined(at, holds_first)
    local holds, after, found = holds_first, at + 1, nil
    for _ = 1, ARGV[at] do
      found, after = evaluate(after)
      if found ~= holds_first then
        holds = found
      end
    end
    return holds, after
  end

  function nodes.all(at)
    return joined(at, true)
  end

  function nodes.any(at)
    return joined(at, false)
  end

  nodes['not'] = function(at)
    local holds, after = evaluate(at)
    return not holds, after
  end

  function evaluate(at)
    return nodes[ARGV[at]](at + 1)
  end

  return {
    -- Returns whether a condition, which is in ARGV from a position on, holds of an object.
    holds = function(at, of)
      pk, target = of, false
      return (evaluate(at))
    end,
    -- Returns the new value of a field of an object, nothing if there is none: the type that it is stored as, and the
    -- expression are in ARGV from a position on.
    result = function(at, of, number)
      pk, target = of, number
      local value = evaluate(at + 1)
      if value == nil then
        return nil
      end
      local stored, reason = stored_result(ARGV[at], value)
      if not stored then
        refuse('incomputable', number, reason, value)
      end
      return stored
    end,
  }
end
