-- How a query is best put in order: by walks of what is in that order already, or by gathering and sorting; whichever looks at less.
--
-- A plan has a `way`, and, where it walks, one or two steps: who has a value, and who has none, whom their primary keys put in order. A
-- step has
--   walk      the walk (see library/index_walk), or nothing if that would look at too much
--   keeps     functions that keep who is to be found
--   ratio     about how many entries it looks at for each of those
--   most      how many entries it may look at, before it is better to gather
--   gathered  what gathers as many as are wanted, if not everything has to be gathered then
-- @requires ask_for call values_of
-- @provides plan_of

local function keep_existing(pks)
  local replies, kept = ask_for('SMISMEMBER', KEYS[1], pks), {}
  for at = 1, #replies do
    if replies[at] == 1 then
      kept[#kept + 1] = pks[at]
    end
  end
  return kept
end

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

-- The walk of a stored collection.
local function list_plan(node, key)
  -- @defers walk_of_list
  local step = { walk = walk_of_list(key.prefix, key.down), keeps = { keep_existing }, ratio = 1, most = math.huge }
  for _, part in ipairs(node.parts or {}) do
    if part.key ~= key.prefix then
      table.insert(step.keeps, part.keep)
    end
  end
  return { way = 'list', steps = { step } }
end

-- What is known of a query, as far as its order depends on it: which condition is on the very index that is in order, if there is one; how
-- the others keep objects; about how many they let through (`passing`); and whether some in the index may not exist.
local function facts_of(node, key, wanted)
  local everything = call('SCARD', KEYS[1])
  local facts = { node = node, keeps = {}, passing = everything, everything = everything, wanted = wanted }
  facts.may_be_nobody = key.stored == 'score'
  for _, part in ipairs(node.parts or { node }) do
    if key.index and not facts.bound and part.ranks and part.walk and part.walk.key == key.index then
      facts.bound = part
    elseif key.stored == 'score' and part.key == key.index and not part.intervals then
      facts.bound = { -- those who are in the sorted set of the scores
        size = part.size,
        ranks = function()
          return 0
        end,
      }
    elseif not node.whole then
      facts.keeps[#facts.keeps + 1] = part.keep
      facts.passing = math.min(facts.passing, part.size or everything)
    end
    for _, set in ipairs(part.joined or { part }) do
      facts.may_be_nobody = facts.may_be_nobody or set.set == KEYS[1]
    end
  end
  facts.cost = math.min(facts.passing, facts.bound and facts.bound.size or facts.passing)
  return facts
end

-- A step, whose walk finds so many of all objects.
local function step_of(facts, walk, some)
  return {
    walk = walk,
    keeps = facts.keeps,
    ratio = math.max(1, facts.everything / math.max(some, 1)),
    most = 2 * facts.cost + 100,
  }
end

-- The walk of primary keys, if it looks at less than gathering, where it is to find so many of all objects.
local function cheap_walk_of_pks(facts, key, numeric, cursor, some)
  -- @defers last_minted walk_of_pks
  local last = last_minted(key.counter, facts.everything)
  local walk = last and walk_of_pks(last, numeric, key.down, facts.everything, cursor and cursor.pk)
  if walk and facts.wanted * walk.spread * facts.everything <= facts.cost * some then
    return walk
  end
end

-- The objects without a value in a sort key that is walked, of those that a query finds: so many of the first, after a cursor.
local function gathered_missing(facts, key, missing, wanted, cursor)
  -- @defers arranged
  local node, pks = facts.node, nil
  if key.numeric and node.whole and missing < facts.everything / 4 then
    pks = call('ZDIFF', 2, KEYS[1], key.index)
  else
    pks = keep_missing(key)(node.list())
  end
  local by_pk = { { stored = 'pk', down = key.down } }
  return arranged(pks, by_pk, wanted, cursor and { pk = cursor.pk, texts = { cursor.pk } })
end

-- The step through those without a value in a sort key.
local function missing_step(facts, key, cursor)
  local missing = math.max(1, facts.everything - key.total)
  local some = facts.passing * missing / math.max(facts.everything, 1)
  local step = step_of(facts, cheap_walk_of_pks(facts, key, false, cursor, some), some)
  step.keeps = { keep_missing(key), unpack(facts.keeps) }
  function step.gathered(wanted)
    return gathered_missing(facts, key, missing, wanted, cursor)
  end
  return step
end

-- The steps in the order of an index or of scores; nothing if gathering costs less.
local function index_steps(facts, key, cursor)
  -- @defers walk_of_index
  key.total = call('ZCARD', key.index)
  local at_most = math.min(facts.wanted, facts.bound and facts.bound.size or facts.everything)
  if #facts.keeps > 0 and facts.cost * facts.passing < at_most * facts.everything then
    return nil
  end
  local steps, among_missing = {}, cursor and not cursor.texts[1]
  if not among_missing then
    steps[1] = step_of(facts, walk_of_index(key, facts.bound, cursor), facts.passing)
    if key.stored == 'score' then
      steps[1].keeps = { keep_existing, unpack(facts.keeps) }
    end
  end
  local complete = facts.bound or key.left_out or key.total >= facts.everything and not facts.may_be_nobody
  if not complete and not (cursor and key.missing_first and not among_missing) then
    table.insert(steps, key.missing_first and 1 or #steps + 1, missing_step(facts, key, among_missing and cursor or nil))
  end
  return steps
end

-- How the first so many that a query finds are best put in order, after a cursor if there is one. The ways: a walk of the `index`, the
-- `scores`, the primary keys (`pks`) or the stored `list`; or a look at all that is found, to `select` the first or to `sort` it.
local function plan_of(node, keys, wanted, cursor)
  local key, steps, way = keys[1], nil, nil
  if key.stored == 'list' then
    return list_plan(node, key)
  elseif key.stored == 'score' then
    key.index = key.prefix
  end
  local facts = facts_of(node, key, wanted)
  if #keys == 1 and key.stored == 'pk' then
    local walk = cheap_walk_of_pks(facts, key, key.numeric, cursor, facts.passing)
    way, steps = 'pks', walk and { step_of(facts, walk, facts.passing) }
  elseif #keys == 1 and key.index then
    way, steps = key.stored == 'score' and 'scores' or 'index', index_steps(facts, key, cursor)
  end
  if steps then
    return { way = way, steps = steps }
  end
  return { way = wanted < facts.cost / 4 and 'select' or 'sort', steps = {} }
end
