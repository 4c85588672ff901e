-- Takes objects from a walk.
-- @provides take_from_walk

-- Takes objects from the walk of a step until enough are found; false once that looks at more than gathering would cost.
local function take_from_walk(step, found, wanted)
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
