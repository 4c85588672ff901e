-- Goes through what a condition finds in parts, so that whoever needs only a few stops early.
-- @provides find

local FEW, MOST = 10, 5000 -- how many are looked at in the first part, and in later ones, which are larger

-- All primary keys that a query finds; or, with a limit of 1 or more, at most so many.
local function find(node, limit)
  if limit == 0 then
    return node.list()
  end
  local found, pks = {}, nil
  local function take()
    for at = 1, math.min(#pks, limit - #found) do
      found[#found + 1] = pks[at]
    end
  end
  if node.lists or not node.scan or node.cost <= 20 * FEW then
    pks = node.list()
    take()
    return found
  end
  local where, size, seen = '', math.max(FEW, math.min(limit, MOST)), {}
  repeat
    pks, where = node.scan(where, size)
    local new = {}
    for at = 1, #pks do
      if not seen[pks[at]] then
        seen[pks[at]] = true
        new[#new + 1] = pks[at]
      end
    end
    pks = new
    take()
    size = math.min(2 * size, MOST)
  until #found >= limit or where == ''
  return found
end
