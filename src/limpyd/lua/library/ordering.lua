-- Sorts the result of a query.
-- @provides sorted way_of

-- Returns whether there may be something to walk; if not, nothing needs to be planned.
local function may_walk(keys)
  local key = keys[1]
  return key.index or key.stored == 'list' or key.stored == 'score' or #keys == 1 and key.stored == 'pk' and key.counter ~= ''
end

local function planned(node, keys, wanted, cursor)
  -- @defers plan_of
  return plan_of(node, keys, wanted, cursor)
end

local function all_gathered(node, keys, wanted, cursor)
  -- @defers sorted_results
  return sorted_results(node, keys, wanted, cursor), 0
end

-- The way in which a query would be sorted (see lua/library/order_plans.lua).
local function way_of(node, keys, wanted)
  return planned(node, keys, wanted > 0 and wanted or math.huge).way
end

local sorted

-- A page of all objects that is nearer to the end: it is walked from there.
local function from_end(node, key, offset, limit)
  local inverted, page = {}, {}
  for name, value in pairs(key) do
    inverted[name] = value
  end
  inverted.down = not key.down
  local found = offset < node.size and sorted(node, { inverted }, 0, node.size - offset) or {}
  for at = #found, math.max(1, #found - limit + 1), -1 do
    page[#page + 1] = found[at]
  end
  return page, offset
end

-- Returns the objects that a query finds, in order, after a cursor if there is one: at least those up to `offset` +
-- `limit`, or all if the limit is 0. Also returns the number of objects that were passed over at the start without a
-- look.
function sorted(node, keys, offset, limit, cursor)
  -- @defers take_from_walk
  if not may_walk(keys) then
    return all_gathered(node, keys, limit > 0 and offset + limit or math.huge, cursor)
  elseif limit > 0 and #keys == 1 and keys[1].stored == 'pk' and node.whole and 2 * offset > node.size then
    return from_end(node, keys[1], offset, limit)
  end
  local wanted = limit > 0 and offset + limit or math.huge
  local plan, found, passed = planned(node, keys, wanted, cursor), {}, 0
  if plan.way == 'groups' then
    found = plan.steps[1].sorted(wanted)
    if found then
      return found, 0
    end
    return all_gathered(node, keys, wanted, cursor)
  end
  for number, step in ipairs(plan.steps) do
    if number == 1 and #step.keeps == 0 and step.walk.skip then
      passed = math.max(0, math.min(offset, step.walk.size))
      step.walk.skip(passed)
    end
    local before = #found
    if #found < wanted - passed and not (step.walk and take_from_walk(step, found, wanted - passed)) then
      if not step.gathered then
        return all_gathered(node, keys, wanted, cursor)
      end
      for at = #found, before + 1, -1 do
        found[at] = nil
      end
      for _, pk in ipairs(step.gathered(wanted - passed - before)) do
        found[#found + 1] = pk
      end
    end
  end
  if #plan.steps == 0 then
    return all_gathered(node, keys, wanted, cursor)
  end
  return found, passed
end
