-- The condition that a field refers to an object of a model for which another query holds:
--   via   the set of all primary keys of that model; where those who refer are found: the kind of the
--         index (see library/owners) and its key; where an object's references are: prefix, stored, sub-key; and the query
--
-- A query takes KEYS[1] for the set of all objects, so that stands for the other model's while it is asked.
-- @requires SLICE all_conditions as_set ask_for call conditions distinct keep_in owners_of values_in
-- @provides conditions.via

local function among(set, act, ...)
  local own = KEYS[1]
  KEYS[1] = set
  local first, second = act(...)
  KEYS[1] = own
  return first, second
end

function conditions.via(at, read_node)
  local set, kind, key = ARGV[at], ARGV[at + 1], ARGV[at + 2]
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
      if kind == 'eq' then
        local keys = {}
        for number = first, last do
          keys[#keys + 1] = key .. referred[number]
        end
        add_all(call('SUNION', unpack(keys)))
      elseif kind == 'uniq' then
        add_all(call('HMGET', key, unpack(referred, first, last)))
      else
        for number = first, last do
          add_all(owners_of(kind, key, referred[number]))
        end
      end
    end
    pks = distinct(all)
    return pks
  end

  local function keep(some)
    if pks or inner.size and inner.size < #some then
      return keep_in(as_set(list()), some)
    end
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
    local met, kept = as_set(among(set, inner.keep, existing)), {}
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

  return { size = inner.size, list = list, keep = keep }, next_at
end
