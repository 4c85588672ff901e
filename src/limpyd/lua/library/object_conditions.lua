-- Tests conditions on the values of one object. They are nodes beside those of lua/library/expressions.lua:
--   compare     kind operator node node   compares as `exact` numbers, `float`, `mixed` (exact, float) or `text`. What is
--                                         missing is not equal to anything, nor less or greater
--   startswith  node text                 the value begins with the text
--   missing     number                    the field has no value
--   member      number member             the field has the member
--   all, any    count condition…          all hold, or any does
--   not         condition                 does not hold
-- @requires call current_key
-- @provides add_condition_nodes

local SHORT = 15 -- integers of so many digits are exact in a double

-- Compares an exact number with a float, without rounding it.
local function compare_mixed(exact, float)
  -- @defers compare_exact
  if float ~= float or float == math.huge or float == -math.huge then
    return float == float and -float or nil
  end
  local whole = math.floor(float)
  local sign = compare_exact(exact, string.format('%.0f', whole))
  return sign == 0 and whole - float or sign
end

local COMPARISONS = {
  mixed = compare_mixed,
  exact = function(one, other)
    if #one <= SHORT and #other <= SHORT and not string.find(one .. other, '.', 1, true) then
      return one - other
    end
    -- @defers compare_exact
    return compare_exact(one, other)
  end,
  float = function(one, other)
    return one == one and other == other and (one < other and -1 or one > other and 1 or 0) or nil
  end,
  text = function(one, other)
    -- @defers comes_before
    return one == other and 0 or comes_before(one, other) and -1 or 1
  end,
}

-- What each operator asks of the sign of the comparison.
local OPERATORS = {
  eq = { [0] = true },
  lt = { [-1] = true },
  lte = { [-1] = true, [0] = true },
  gt = { [1] = true },
  gte = { [0] = true, [1] = true },
}

local function has_member(stored, key, member)
  current_key = key
  if stored == 'set' then
    return call('SISMEMBER', key, member) == 1
  elseif stored == 'zset' then
    return call('ZSCORE', key, member) ~= false
  end
  return call('LPOS', key, member) ~= false
end

local function is_missing(stored, key, sub)
  current_key = key
  if stored == 'entry' then
    return call('HEXISTS', key, sub) == 0
  end
  return call('EXISTS', key) == 0
end

-- Adds the nodes of conditions; `place_of` returns how a field of the object is stored, its key and its sub-key.
local function add_condition_nodes(nodes, evaluate, place_of)
  function nodes.compare(at)
    local compare, operator = COMPARISONS[ARGV[at]], ARGV[at + 1]
    local one, after = evaluate(at + 2)
    local other
    other, after = evaluate(after)
    local sign = one ~= nil and other ~= nil and compare(one, other)
    sign = sign and (sign < 0 and -1 or sign > 0 and 1 or 0)
    if operator == 'ne' then
      return sign ~= 0, after
    end
    return OPERATORS[operator][sign] == true, after
  end

  function nodes.startswith(at)
    local value, after = evaluate(at)
    local text = ARGV[after]
    return value ~= nil and string.sub(value, 1, #text) == text, after + 1
  end

  function nodes.missing(at)
    return is_missing(place_of(tonumber(ARGV[at]))), at + 1
  end

  function nodes.member(at)
    local stored, key = place_of(tonumber(ARGV[at]))
    return has_member(stored, key, ARGV[at + 1]), at + 2
  end

  -- Returns whether all of so many conditions hold (`unless` is true), or any of them does (it is false).
  local function joined(at, unless)
    local holds, after, found = unless, at + 1, nil
    for _ = 1, ARGV[at] do
      found, after = evaluate(after)
      if found ~= unless then
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
end
