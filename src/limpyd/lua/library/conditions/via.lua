-- The condition that a field refers to an object of a model for which another query holds:
--   via   the set of all primary keys of that model; where those who refer are found: the kind of the
--         index (see lua/library/index_owners.lua) and its key; where an object's references are: prefix, stored,
--         sub-key; and the query
--
-- A query takes KEYS[1] for the set of all objects, so that stands for the other model's while it is asked.
-- @requires ONE_VALUE SLICE all_conditions as_set ask_for conditions distinct everything_counted keep_in owners_in
-- @requires values_in
-- @provides conditions.via

local SAMPLES = 5 -- of so many objects it is asked how many refer to each

local function among(set, act, ...)
  local own = KEYS[1]
  KEYS[1] = set
  local first, second, third = act(...)
  KEYS[1] = own
  return first, second, third
end

function conditions.via(at, read_node)
  local set, owners, key = ARGV[at], owners_in(ARGV[at + 1]), ARGV[at + 2]
  local place = { prefix = ARGV[at + 3], stored = ARGV[at + 4], sub = ARGV[at + 5] }
  local counted = all_conditions
  all_conditions = {} -- those of the other query are not this one's
  local inner, next_at = among(set, read_node, at + 6)
  all_conditions = counted

  local pks
  local function list()
    if pks then
      return pks
    end
    local referred, all = among(set, inner.list), {}
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
    pks = distinct(all)
    return pks
  end

  -- Returns which of the objects that some refer to are met; and the references of each of those.
  local function met_by(some)
    local references, referred = {}, {}
    for number = 1, #some do
      references[number] = values_in(place, some[number])
      for _, pk in ipairs(references[number]) do
        referred[#referred + 1] = pk
      end
    end
    referred = distinct(referred)
    local there, existing = ask_for('SMISMEMBER', set, referred), {}
    for number = 1, #referred do
      if there[number] == 1 then
        existing[#existing + 1] = referred[number]
      end
    end
    return as_set(among(set, inner.keep, existing)), references
  end

  local node = { list = list }

  -- Returns how many refer to one of those who are met, on average; by those of some.
  local function fan_out()
    if owners.only_one then
      return 1
    end
    local everybody = math.max(1, (among(set, everything_counted)))
    local mean = everything_counted() / everybody
    local some = {}
    if not node.lists then
      some = among(set, inner.scan, '', SAMPLES)
    end
    if not owners.in_set or #some == 0 then
      return mean
    end
    local found, asked = 0, math.min(#some, SAMPLES)
    for number = 1, asked do
      found = found + owners.count(key, some[number])
    end
    return found / asked
  end
  local size
  local function size_of()
    if not size then
      local met = among(set, function()
        return inner.size or inner.cost
      end)
      size = math.min(everything_counted(), met * fan_out())
    end
    return size
  end
  local function cost_of()
    return size_of() + among(set, function()
      return inner.cost
    end)
  end

  -- It takes some commands, so it is found when it is first asked for.
  setmetatable(node, {
    __index = function(_, name)
      if name == 'size' then
        return size_of()
      elseif name == 'cost' then
        return cost_of()
      elseif name == 'value_count' then
        return among(set, function()
          return inner.value_count
        end)
      elseif name == 'lists' then
        return among(set, function()
          return inner.lists or not inner.scan
        end)
      elseif name == 'untestable' then
        return among(set, function()
          return inner.untestable
        end)
      end
    end,
  })

  function node.keep(some)
    if pks or node.cost < #some then
      return keep_in(as_set(list()), some)
    end
    local met, references = met_by(some)
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

  function node.scan(where, count)
    -- @defers scan_referring
    return scan_referring({
      owners = owners,
      key = key,
      scan = function(...)
        return among(set, inner.scan, ...)
      end,
      met_by = not ONE_VALUE[place.stored] and met_by,
    }, where, count)
  end
  return node, next_at
end
