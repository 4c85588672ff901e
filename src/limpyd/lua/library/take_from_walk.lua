-- Takes objects from a walk (see lua/library/index_walk.lua).
-- @provides take_from_walk

-- Takes objects from the walk of a step until enough are found; with `with_equal` also those with the value of the last
-- one. Returns false once that looks at more than gathering would cost.
local function take_from_walk(step, found, wanted, with_equal)
  local walk, looked, size = step.walk, 0, math.ceil((wanted - #found) * step.ratio)
  local function keep(pks, most)
    for at = 1, #step.keeps do
      pks = step.keeps[at](pks)
    end
    for at = 1, math.min(#pks, most) do
      found[#found + 1] = pks[at]
    end
  end
  while #found < wanted do
    local pks, count = walk.next(size)
    if not pks then
      return true
    end
    looked = looked + (count or #pks)
    keep(pks, with_equal and #pks or wanted - #found)
    if #found < wanted and looked > step.most and looked < walk.size then
      return false
    end
    size = math.max(size, 50) * 2
  end
  local left = with_equal and walk.equal_left() or 0
  if left > 0 then
    keep(walk.next(left), left)
  end
  return true
end
