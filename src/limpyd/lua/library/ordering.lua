-- Puts what a query finds in order.
-- @requires gathered plan_of
-- @provides sorted way_of

-- Takes objects from the walk of a step until enough are found; false once that looks at more than gathering would cost.
local function taken(step, found, wanted)
  local walk, looked, size = step.walk, 0, math.ceil((wanted - #found) * step.ratio)
  while #found < wanted do
    local pks, count = walk.next(size)
    if not pks then
      break
    end
    looked = looked + (count or #pks)
    for at = 1, #step.keeps do
      pks = step.keeps[at](pks)
    end
    for at = 1, math.min(#pks, wanted - #found) do
      found[#found + 1] = pks[at]
    end
    if #found < wanted and looked > step.most and looked < walk.size then
      return false
    end
    size = math.max(size, 50) * 2
  end
  return true
end

-- The way in which a query would be put in order (see library/order_plans).
local function way_of(node, keys, wanted)
  return plan_of(node, keys, wanted > 0 and wanted or math.huge).way
end

-- The objects that a query finds, in order, after a cursor if there is one: at least those up to `offset` + `limit`, or all if the limit
-- is 0. And how many of the first were passed over without a look.
local function sorted(node, keys, offset, limit, cursor)
  local wanted = limit > 0 and offset + limit or math.huge
  local plan, found, passed = plan_of(node, keys, wanted, cursor), {}, 0
  for number, step in ipairs(plan.steps) do
    if number == 1 and #step.keeps == 0 and step.walk.skip then
      passed = math.max(0, math.min(offset, step.walk.size))
      step.walk.skip(passed)
    end
    local before = #found
    if #found < wanted - passed and not (step.walk and taken(step, found, wanted - passed)) then
      if not step.gathered then
        return gathered(node, keys, wanted, cursor), 0
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
    found = gathered(node, keys, wanted, cursor)
  end
  return found, passed
end
