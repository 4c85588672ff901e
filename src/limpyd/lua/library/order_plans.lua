-- Plans the order of a query: a walk of something that is in that order already, or gathering and sorting; whichever
-- looks at less.
--
-- A plan has a `way`. If it walks, it has one or two steps: one for the objects that have a value, and one for those
-- that have none, in the order of their primary keys. A step has
--   walk      the walk (see lua/library/index_walk.lua); nothing if that would look at too much
--   keeps     functions that keep the objects that the query finds
--   ratio     about how many entries it looks at for each object that it finds
--   most      the most entries that it may look at; beyond that, gathering costs less
--   gathered  a function that gathers the wanted objects of this step, so that the other step may still walk
-- @requires all_missing facts_of in_groups index_facts keep_existing keep_missing step_of
-- @provides plan_of

-- The plan that walks a stored collection.
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

-- The walk of primary keys to find so many of all objects; nothing if gathering costs less.
local function cheap_walk_of_pks(facts, key, numeric, cursor, some)
  -- @defers last_minted walk_of_pks
  local last = last_minted(key.counter, facts.everything)
  local walk = last and walk_of_pks(last, numeric, key.down, facts.everything, cursor and cursor.pk)
  if walk and facts.wanted * walk.spread * facts.everything <= facts.cost * some then
    return walk
  end
end

-- The step through the objects without a value in a sort key.
local function missing_step(facts, key, cursor)
  local missing = math.max(1, facts.everything - key.total)
  local some = facts.passing * missing / math.max(facts.everything, 1)
  local step = step_of(facts, cheap_walk_of_pks(facts, key, false, cursor, some), some)
  step.keeps = { keep_missing(key), unpack(facts.keeps) }
  function step.gathered(wanted)
    -- @defers sorted_pks
    local by_pk = { { stored = 'pk', down = key.down } }
    return sorted_pks(all_missing(facts, key), by_pk, wanted, cursor and { pk = cursor.pk, texts = { cursor.pk } })
  end
  return step
end

-- The steps that walk an index or scores; nothing if gathering costs less.
local function index_steps(facts, key, cursor)
  -- @defers walk_of_index
  local cheap, complete = index_facts(facts, key)
  if not cheap then
    return nil
  end
  local steps, among_missing = {}, cursor and not cursor.texts[1]
  if not among_missing or key.missing_first then
    local walk = walk_of_index(key, facts.bound, not among_missing and cursor or nil)
    steps[1] = step_of(facts, walk, facts.passing)
  end
  if not complete and not (cursor and key.missing_first and not among_missing) then
    table.insert(steps, key.missing_first and 1 or #steps + 1, missing_step(facts, key, among_missing and cursor or nil))
  end
  return steps
end

-- Returns the best plan to sort the first `wanted` objects of a query, after a cursor if there is one. The ways:
-- walking the `index`, the `scores`, the primary keys (`pks`) or the stored `list`; walking an index and sorting
-- `groups` of equal values; or gathering all objects, to `select` the first or to `sort` them.
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
  elseif key.index then
    way = key.stored == 'score' and 'scores' or 'index'
    steps = #keys == 1 and index_steps(facts, key, cursor) or #keys > 1 and in_groups(facts, keys, cursor)
    way = #keys == 1 and way or 'groups'
  end
  if steps then
    return { way = way, steps = steps }
  end
  return { way = wanted < facts.cost / 4 and 'select' or 'sort', steps = {} }
end
