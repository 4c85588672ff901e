-- Any of several conditions.
-- @requires as_set call combine distinct everything_counted keep_in scan_set
-- @provides combine.any_of

-- Keeps those of some primary keys that meet one of the conditions.
local function met_by_any(nodes, pks)
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

local function listed_by_each(nodes)
  local all = {}
  for _, node in ipairs(nodes) do
    local found = node.list()
    for at = 1, #found do
      all[#all + 1] = found[at]
    end
  end
  return distinct(all)
end

-- Keeps those of some primary keys that none of the conditions before has given.
local function new_after(nodes, number, pks)
  for at = 1, number - 1 do
    if #pks == 0 then
      break
    end
    local met, left = as_set(nodes[at].keep(pks)), {}
    for each = 1, #pks do
      if not met[pks[each]] then
        left[#left + 1] = pks[each]
      end
    end
    pks = left
  end
  return pks
end

-- Scans the conditions one after the other, from a position in one of them.
local function scan_each(nodes, number, inner, count)
  local all, looked = {}, 0
  while number <= #nodes and looked < count do
    local pks, after, scanned = {}, '', 0
    if nodes[number].scan then
      pks, after, scanned = nodes[number].scan(inner, count - looked)
    end
    pks = new_after(nodes, number, pks)
    for at = 1, #pks do
      all[#all + 1] = pks[at]
    end
    looked = looked + math.max(1, scanned)
    inner, number = after, after == '' and number + 1 or number
  end
  return all, number <= #nodes and '|' .. number .. ';' .. inner or '', looked
end

function combine.any_of(nodes)
  local everything = everything_counted()
  -- The number of objects that meet them; the cost of listing all; and the average number of conditions that are tried
  -- for an object until it meets one.
  local size, cost, tried, open, value_count = 0, 0, 0, 1, 0
  local lists, untestable = false, false
  for _, node in ipairs(nodes) do
    size = size and node.size and size + node.size
    cost = cost + node.cost
    tried = tried + open
    open = open * (1 - math.min(1, (node.size or 0) / math.max(1, everything)))
    lists = lists or node.lists or not node.scan or node.untestable
    untestable = untestable or node.untestable
    value_count = value_count + (node.value_count or 0)
  end
  local one_by_one, listed = cost <= tried * everything, nil
  local either = {
    size = size and math.min(size, everything),
    cost = math.min(cost, math.max(everything, 1)),
    value_count = value_count,
    everyone = not one_by_one,
    either = one_by_one and nodes or nil,
    lists = lists and one_by_one or untestable,
    untestable = untestable,
  }
  function either.list()
    return one_by_one and listed_by_each(nodes) or met_by_any(nodes, call('SMEMBERS', KEYS[1]))
  end
  function either.keep(pks)
    if not listed and one_by_one and cost < tried * #pks then
      listed = as_set(listed_by_each(nodes))
    end
    return listed and keep_in(listed, pks) or met_by_any(nodes, pks)
  end
  function either.scan(cursor, count)
    local number, inner = string.match(cursor, '^|(%d+);(.*)$')
    if cursor == '' and one_by_one then
      number, inner = 1, ''
    elseif not number then
      local pks, after, looked = scan_set(KEYS[1], string.sub(cursor, 2), count)
      return met_by_any(nodes, pks), after == '' and '' or '*' .. after, looked
    end
    return scan_each(nodes, tonumber(number), inner, count)
  end
  return either
end
