-- A query: conditions, combined. It stands in ARGV in prefix notation:
--   and, or  a count, and so many nodes
--   not      a node
--   and the conditions of library/conditions
--
-- It starts from the condition that the fewest objects meet, and asks the others about those only, so that
-- the cost follows the smallest condition, not the size of the collection.
-- @requires all_conditions as_set call conditions conditions.all conditions.eq conditions.num distinct keep_in
-- @requires normal_form values_at
-- @provides read_node read_references

-- Reads the values that conditions are compared with and that only the server knows. ARGV tells of each from a
-- position on: where in ARGV it is to stand, its key, how it is stored, its sub-key, the form to compare it in, and
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

local function by_size(a, b)
  return (a.size or math.huge) < (b.size or math.huge)
end

local any_of_them, none_of

-- The sets among some conditions become one, which the server intersects by itself.
local function sets_joined(nodes)
  local sets, others = {}, {}
  for _, node in ipairs(nodes) do
    if node.set then
      sets[#sets + 1] = node
    else
      others[#others + 1] = node
    end
  end
  if #sets < 2 then
    return nodes
  end
  table.sort(sets, by_size)
  local keys, everything = {}, call('SCARD', KEYS[1])
  local expected = sets[1].size
  for at = 1, #sets do
    keys[at] = sets[at].set
    expected = at == 1 and expected or expected * sets[at].size / math.max(everything, 1)
  end
  others[#others + 1] = {
    -- The server intersects sets several times as fast as a script looks at what it found.
    size = math.max(expected, sets[1].size / 4),
    list = function()
      return call('SINTER', unpack(keys))
    end,
    keep = function(pks)
      for at = 1, #sets do
        pks = sets[at].keep(pks)
      end
      return pks
    end,
    walk = sets[1].walk,
    walked = sets[1],
    joined = sets,
  }
  return others
end

-- Conditions that must not be met become one, which lists all that it leaves out at once.
local function exceptions_joined(nodes)
  local left_out, others = {}, {}
  for _, node in ipairs(nodes) do
    if node.left_out and node.left_out.size then
      left_out[#left_out + 1] = node.left_out
    else
      others[#others + 1] = node
    end
  end
  if #left_out < 2 then
    return nodes
  end
  others[#others + 1] = none_of(any_of_them(left_out))
  return others
end

local function all_of_them(nodes)
  nodes = sets_joined(exceptions_joined(nodes))
  for at = 1, #nodes do
    nodes[at].place = at
  end
  table.sort(nodes, function(a, b)
    if a.ordered or b.ordered then
      return a.ordered and (not b.ordered or a.place > b.place)
    end
    local size, other = a.size or math.huge, b.size or math.huge
    return size < other or size == other and a.place < b.place
  end)
  local first = nodes[1]
  if not first.size then
    table.insert(nodes, 1, (conditions.all(0)))
    first = nodes[1]
  end
  local function keep_from(start, pks)
    for at = start, #nodes do
      if #pks == 0 then
        break
      end
      pks = nodes[at].keep(pks)
    end
    return pks
  end
  local node = {
    size = first.size,
    list = function()
      return keep_from(2, first.list())
    end,
    keep = function(pks)
      return keep_from(1, pks)
    end,
    driver = first,
    parts = nodes,
  }
  if first.walk then
    node.walk = first.walk
    -- What is walked is one of the sets; the others are asked.
    function node.rest(pks)
      return keep_from((first.walked or first.rest) and 1 or 2, pks)
    end
  end
  return node
end

-- They are made when they are first needed.
local function more_nodes()
  function any_of_them(nodes)
    local everything = call('SCARD', KEYS[1])
    -- How many objects meet them, and how many of them are tried of an object until one is met.
    local size, tried, open = 0, 0, 1
    for _, node in ipairs(nodes) do
      size = size and node.size and size + node.size
      tried = tried + open
      open = size and open * (1 - math.min(1, node.size / math.max(1, everything)))
      if not size then
        break
      end
    end

    local function tested(pks)
      local met, left = {}, pks
      for _, node in ipairs(nodes) do
        if #left == 0 then
          break
        end
        local others = {}
        local found = as_set(node.keep(left))
        for at = 1, #left do
          if found[left[at]] then
            met[left[at]] = true
          else
            others[#others + 1] = left[at]
          end
        end
        left = others
      end
      return keep_in(met, pks)
    end
    local function list()
      if not size or size > tried * everything then
        return tested(call('SMEMBERS', KEYS[1]))
      end
      local all = {}
      for _, node in ipairs(nodes) do
        local found = node.list()
        for at = 1, #found do
          all[#all + 1] = found[at]
        end
      end
      return distinct(all)
    end
    local listed
    local function keep(pks)
      if not listed and size and size < tried * #pks then
        listed = as_set(list())
      end
      return listed and keep_in(listed, pks) or tested(pks)
    end
    return { size = size and math.min(size, everything), list = list, keep = keep, either = size and nodes }
  end

  function none_of(node)
    local function keep(pks)
      local few = node.size and 2 * node.size < #pks
      local met, kept = as_set(few and node.list() or node.keep(pks)), {}
      for at = 1, #pks do
        if not met[pks[at]] then
          kept[#kept + 1] = pks[at]
        end
      end
      return kept
    end
    return {
      list = function()
        return keep(call('SMEMBERS', KEYS[1]))
      end,
      keep = keep,
      left_out = node,
    }
  end
end

local function more_conditions()
  -- @defers conditions.geo conditions.geos conditions.lex conditions.listed conditions.null conditions.nums conditions.pk
  -- @defers conditions.scored conditions.sep conditions.uniq conditions.via
end

-- The node that ARGV holds from a position on, and the position after it.
local function read_node(at)
  local word = ARGV[at]
  if (word == 'not' or word == 'or') and not any_of_them then
    more_nodes()
  end
  if word == 'not' then
    local node, next_at = read_node(at + 1)
    return none_of(node), next_at
  elseif word == 'and' or word == 'or' then
    local nodes = {}
    local count = tonumber(ARGV[at + 1])
    at = at + 2
    for number = 1, count do
      nodes[number], at = read_node(at)
    end
    return (word == 'and' and all_of_them or any_of_them)(nodes), at
  end
  if not conditions[word] then
    more_conditions()
  end
  local node, next_at = conditions[word](at + 1, read_node)
  all_conditions[#all_conditions + 1] = node
  node.number = #all_conditions
  return node, next_at
end
