-- Facts of a query that the plan of its order depends on.
-- @requires call keep_existing values_of
-- @provides all_missing facts_of index_facts keep_missing step_of

local function keep_missing(key)
  return function(pks)
    local values, kept = values_of(key, pks), {}
    for at = 1, #pks do
      if not values[at] then
        kept[#kept + 1] = pks[at]
      end
    end
    return kept
  end
end

-- Finds the condition on the index that is in order, if there is one; how the other conditions keep objects; about how
-- many objects they let through (`passing`); and whether the index may have entries of objects that do not exist.
local function facts_of(node, key, wanted)
  local everything = call('SCARD', KEYS[1])
  local facts = { node = node, keeps = {}, passing = everything, cost = everything, everything = everything, wanted = wanted }
  facts.may_be_nobody = key.stored == 'score'
  for _, part in ipairs(node.parts or { node }) do
    if key.index and not facts.bound and part.ranks and part.walk and part.walk.key == key.index then
      facts.bound = part
    elseif key.stored == 'score' and part.key == key.index and not part.intervals then
      facts.bound = { -- the objects in the sorted set of the scores
        size = part.size,
        ranks = function()
          return 0
        end,
      }
    elseif not node.whole then
      facts.keeps[#facts.keeps + 1] = part.keep
      facts.passing = math.min(facts.passing, part.size or everything)
      facts.cost = math.min(facts.cost, part.cost)
    end
    for _, set in ipairs(part.joined or { part }) do
      facts.may_be_nobody = facts.may_be_nobody or set.set == KEYS[1]
    end
  end
  facts.cost = math.min(facts.cost, facts.bound and facts.bound.size or facts.cost)
  return facts
end

-- A step whose walk finds so many of all objects.
local function step_of(facts, walk, some)
  return {
    walk = walk,
    keeps = facts.keeps,
    ratio = math.max(1, facts.everything / math.max(some, 1)),
    most = 2 * facts.cost + 100,
  }
end

-- The objects that a query finds and that have no value in a sort key.
local function all_missing(facts, key)
  local node = facts.node
  local few = key.numeric and node.whole and facts.everything - key.total < facts.everything / 4
  if few and key.stored ~= 'score' then -- scores may be in another slot of a cluster
    return call('ZDIFF', 2, KEYS[1], key.index)
  end
  return keep_missing(key)(node.list())
end

-- Returns whether walking an index, or scores, costs less than gathering; and whether all objects that the query finds
-- are in it.
local function index_facts(facts, key)
  key.total = call('ZCARD', key.index)
  local at_most = math.min(facts.wanted, facts.bound and facts.bound.size or facts.everything)
  if key.stored == 'score' then
    facts.keeps = { keep_existing, unpack(facts.keeps) }
  elseif #facts.keeps == 0 then
    at_most = 0
  end
  local complete = facts.bound or key.left_out or key.total >= facts.everything and not facts.may_be_nobody
  return facts.cost * facts.passing >= at_most * facts.everything, complete
end
