-- Condition: a reference to an object of another model that meets another query.
--
-- A query takes KEYS[1] as the set of all objects. So KEYS[1] is the other model's set while the other query is asked.
-- @requires ONE_VALUE SLICE all_conditions as_set ask_for conditions distinct everything_counted keep_in owners_in
-- @requires values_in
-- @provides conditions.via

local SAMPLES = 5 -- the number of objects to sample for how many others refer to each

local function among(set, act, ...)
  local own = KEYS[1]
  KEYS[1] = set
  local first, second, third = act(...)
  KEYS[1] = own
  return first, second, third
end

-- The primary keys of the objects that refer to some objects.
local function referring(owners, key, referred)
  local all = {}
  local function add_all(found)
    for number = 1, #found do
      all[#all + 1] = found[number] or nil
    end
  end
  for first = 1, #referred, SLICE do
    local last = math.min(first + SLICE - 1, #referred)
    if owners.of_all then
      add_all(owners.of_all(key, referred, first, last))
    else
      for number = first, last do
        add_all(owners.list(key, referred[number]))
      end
    end
  end
  return distinct(all)
end

-- Of the objects that some objects refer to, returns the set of those that meet the other query; and the references of
-- each.
local function met_by(via, some)
  local references, referred = {}, {}
  for number = 1, #some do
    references[number] = values_in(via.place, some[number])
    for _, pk in ipairs(references[number]) do
      referred[#referred + 1] = pk
    end
  end
  referred = distinct(referred)
  local exist, existing = ask_for('SMISMEMBER', via.set, referred), {}
  for number = 1, #referred do
    if exist[number] == 1 then
      existing[#existing + 1] = referred[number]
    end
  end
  return as_set(among(via.set, via.inner.keep, existing)), references
end

-- Returns how many objects refer to one that meets the other query, on average; from a sample, if that query can be
-- `walked`.
local function fan_out(via, walked)
  local owners, set = via.owners, via.set
  if owners.only_one then
    return 1
  end
  local everybody = math.max(1, (among(set, everything_counted)))
  local mean = everything_counted() / everybody
  local some = walked and among(set, via.inner.scan, '', SAMPLES) or {}
  if not owners.in_set or #some == 0 then
    return mean
  end
  local found, asked = 0, math.min(#some, SAMPLES)
  for number = 1, asked do
    found = found + owners.count(via.key, some[number])
  end
  return found / asked
end

-- Adds facts to a node that are found when they are first asked for, since that takes some commands.
local function add_facts(node, via)
  local inner, size = via.inner, nil
  local facts = {
    value_count = function()
      return inner.value_count
    end,
    lists = function()
      return inner.lists or not inner.scan
    end,
    untestable = function()
      return inner.untestable
    end,
  }
  local function size_of()
    if not size then
      local met = among(via.set, function()
        return inner.size or inner.cost
      end)
      size = math.min(everything_counted(), met * fan_out(via, not node.lists))
    end
    return size
  end
  setmetatable(node, {
    __index = function(_, name)
      if name == 'size' then
        return size_of()
      elseif name == 'cost' then
        return size_of() + among(via.set, function()
          return inner.cost
        end)
      end
      return facts[name] and among(via.set, facts[name])
    end,
  })
end

function conditions.via(at, read_node)
  local via = { set = ARGV[at], owners = owners_in(ARGV[at + 1]), key = ARGV[at + 2] }
  via.place = { prefix = ARGV[at + 3], stored = ARGV[at + 4], sub = ARGV[at + 5] }
  local counted, next_at = all_conditions, nil
  all_conditions = {} -- the conditions of the other query are not this one's
  via.inner, next_at = among(via.set, read_node, at + 6)
  all_conditions = counted

  local pks
  local node = {}
  function node.list()
    pks = pks or referring(via.owners, via.key, among(via.set, via.inner.list))
    return pks
  end
  add_facts(node, via)

  function node.keep(some)
    if pks or node.cost < #some then
      return keep_in(as_set(node.list()), some)
    end
    local met, references = met_by(via, some)
    local kept = {}
    for number = 1, #some do
      for _, pk in ipairs(references[number]) do
        if met[pk] then
          kept[#kept + 1] = some[number]
          break
        end
      end
    end
    return kept
  end

  function node.scan(cursor, count)
    -- @defers scan_referring
    return scan_referring({
      owners = via.owners,
      key = via.key,
      scan = function(...)
        return among(via.set, via.inner.scan, ...)
      end,
      met_by = not ONE_VALUE[via.place.stored] and function(some)
        return met_by(via, some)
      end,
    }, cursor, count)
  end
  return node, next_at
end
