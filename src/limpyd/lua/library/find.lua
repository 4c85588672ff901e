-- Goes through what a condition finds in parts, so that whoever needs only a few stops early.
-- @provides find

local MIN_PART, MAX_PART = 10, 5000 -- how many are looked at in the first part, and in later ones, which are larger

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
  if node.lists or not node.scan or node.cost <= 20 * MIN_PART then
    pks = node.list()
    take()
    return found
  end
  local cursor, size, seen = '', math.max(MIN_PART, math.min(limit, MAX_PART)), {}
  repeat
    pks, cursor = node.scan(cursor, size)
    local new = {}
    for at = 1, #pks do
      if not seen[pks[at]] then
        seen[pks[at]] = true
        new[#new + 1] = pks[at]
      end
    end
    pks = new
    take()
    size = math.min(2 * size, MAX_PART)
  until #found >= limit or cursor == ''
  return found
end
