-- All of several conditions. The cheapest one is listed, and the others test the objects that it lists.
-- @requires call combine everything_counted
-- @provides combine.all_of

local function by_size(a, b)
  return a.size < b.size
end

-- Joins the sets among some conditions into one condition, which the server intersects by itself.
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
  local keys, everything = {}, everything_counted()
  local expected, is_foreign = sets[1].size, false
  for at = 1, #sets do
    keys[at] = sets[at].set
    is_foreign = is_foreign or sets[at].is_foreign
    expected = at == 1 and expected or expected * sets[at].size / math.max(everything, 1)
  end
  if is_foreign then
    keys[#keys + 1] = KEYS[1]
  end
  -- The server intersects sets several times as fast as a script looks at what it found.
  local size = math.max(expected, sets[1].size / 4)
  others[#others + 1] = {
    size = size,
    cost = size,
    joined = sets,
    list = function()
      return call('SINTER', unpack(keys))
    end,
    keep = function(pks)
      for at = 1, #sets do
        pks = sets[at].keep(pks)
      end
      return pks
    end,
  }
  return others
end

-- Joins negated conditions into one, which lists all objects that they leave out at once.
local function exceptions_joined(nodes)
  local left_out, others = {}, {}
  for _, node in ipairs(nodes) do
    if node.left_out and not node.left_out.everyone then
      left_out[#left_out + 1] = node.left_out
    else
      others[#others + 1] = node
    end
  end
  if #left_out < 2 then
    return nodes
  end
  others[#others + 1] = combine.none_of(combine.any_of(left_out))
  return others
end

-- The number of the condition that is best to scan. The values of all others are sent with each part, which is taken to
-- be of this many objects:
local PART = 1000
local function best_to_scan(nodes)
  local all_values = 0
  for at = 1, #nodes do
    all_values = all_values + (nodes[at].value_count or 0)
  end
  local best, least
  for at = 1, #nodes do
    local node = nodes[at]
    local cost = node.ordered and -1 or node.cost * (1 + (all_values - (node.value_count or 0)) / PART)
    if not best or cost < least or cost == least and not nodes[best].scan then
      best, least = at, cost
    end
  end
  return best, all_values
end

-- The conditions in the order in which they are used, the cheapest first.
local function by_cost(all)
  local nodes = {}
  for at, node in ipairs(sets_joined(exceptions_joined(all))) do
    nodes[at], node.place = node, at
  end
  table.sort(nodes, function(a, b)
    if a.ordered or b.ordered then
      return a.ordered and (not b.ordered or a.place > b.place)
    end
    return a.cost < b.cost or a.cost == b.cost and a.place < b.place
  end)
  return nodes
end

local function keep_by(nodes, start, pks)
  for at = start, #nodes do
    if #pks == 0 then
      break
    end
    pks = nodes[at].keep(pks)
  end
  return pks
end

function combine.all_of(all)
  local node = {}

  -- Facts that listing or testing needs of all conditions. A scan after its first part does without them: its position
  -- names the condition.
  local function compare()
    local nodes, best, value_count = by_cost(all), best_to_scan(all)
    local first, walked = nodes[1], all[best]
    node.size, node.cost, node.everyone, node.value_count = first.size or false, first.cost, first.everyone or false, value_count
    node.driver, node.parts, node.best, node.walked = first, nodes, best, walked
    node.lists, node.untestable = walked.lists or not walked.scan, false
    for at = 1, #all do
      node.lists = node.lists or at ~= best and all[at].untestable
      node.untestable = node.untestable or all[at].untestable
    end
  end
  setmetatable(node, {
    __index = function(_, name)
      if rawget(node, 'driver') == nil and name ~= 'set' and name ~= 'place' then
        compare()
        return rawget(node, name)
      end
    end,
  })

  function node.list()
    return keep_by(node.parts, 2, node.driver.list())
  end
  function node.keep(pks)
    return keep_by(node.parts, 1, pks)
  end

  local others, but
  function node.scan(cursor, count)
    local number, inner = string.match(cursor, '^&(%d+);(.*)$')
    number = tonumber(number) or node.best
    if not all[number].scan then
      return {}, '', 0 -- the value that it was compared with does not exist any more
    end
    if but ~= number then
      others, but = {}, number
      for at = 1, #all do
        others[#others + 1] = at ~= number and all[at] or nil
      end
      others = by_cost(others)
    end
    local pks, after, looked = all[number].scan(inner or '', count)
    return keep_by(others, 1, pks), after == '' and '' or '&' .. number .. ';' .. after, looked
  end
  return node
end
