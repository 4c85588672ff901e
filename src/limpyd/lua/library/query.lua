-- A query: its conditions, combined. In ARGV it is in prefix notation:
--   and, or  a count, and that many nodes
--   not      a node
--   and the conditions of lua/library/conditions.lua
--
-- The cheapest condition is listed, and the others test only the objects that it lists. So the cost follows the
-- smallest condition, not the size of the collection.
-- @requires all_conditions combine combine.all_of conditions conditions.all conditions.eq conditions.num normal_form
-- @requires values_at
-- @provides read_node read_references

-- Reads the values that conditions compare with, and that only the server knows. For each, ARGV has from a position on:
-- the position in ARGV where the value is put, its key, how it is stored, its sub-key, the form to compare it in, and
-- `:` and the sub-key under which an index keeps it, or ''.
local function read_references(at)
  local count = ARGV[at]
  at = at + 1
  if count == '0' then
    return at
  end
  for _ = 1, count do
    local target, key, stored, sub, form = tonumber(ARGV[at]), ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4]
    local texts = {}
    for _, value in ipairs(values_at(key, stored, sub)) do
      local found = normal_form(form, value)
      if type(found) == 'string' then
        local under = ARGV[at + 5]
        texts[#texts + 1] = under == '' and found or #under - 1 .. under .. ':' .. found
      end
    end
    ARGV[target] = texts
    at = at + 6
  end
  return at
end

-- Made on first use.
local function more_conditions()
  -- @defers conditions.*
end

local function more_nodes()
  -- @defers combine.any_of combine.none_of
end

-- Returns the node in ARGV from a position on, and the position after it.
local function read_node(at)
  local word = ARGV[at]
  if (word == 'not' or word == 'or') and not combine.any_of then
    more_nodes()
  end
  if word == 'not' then
    local node, next_at = read_node(at + 1)
    return combine.none_of(node), next_at
  elseif word == 'and' or word == 'or' then
    local nodes = {}
    local count = tonumber(ARGV[at + 1])
    at = at + 2
    for number = 1, count do
      nodes[number], at = read_node(at)
    end
    return (word == 'and' and combine.all_of or combine.any_of)(nodes), at
  end
  if not conditions[word] then
    more_conditions()
  end
  local node, next_at = conditions[word](at + 1, read_node)
  all_conditions[#all_conditions + 1] = node
  node.number = #all_conditions
  return node, next_at
end
