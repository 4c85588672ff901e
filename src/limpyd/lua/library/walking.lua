-- Goes through what a condition finds in parts, so that whoever needs only a few stops early.
-- @requires call
-- @provides find

-- All primary keys that a query finds; or, with a limit of 1 or more, at most so many.
local function find(node, limit)
  if limit == 0 then
    return node.list()
  end
  local found = {}

  -- Runs a function on parts of what a node finds, until it returns true. Each part is of about `size` objects,
  -- and later ones are larger.
  local function in_parts(node, size, take)
    local walk, rest = node.walk, node.rest
    if not walk or (node.size or 0) <= 2 * size then
      take(node.list())
      return
    end
    rest = rest or function(pks)
      return pks
    end
    if walk.by == 'SSCAN' then
      -- While a set is being rehashed, a scan may give a member twice.
      local cursor, seen = '0', {}
      repeat
        local reply = call('SSCAN', walk.key, cursor, 'COUNT', size)
        local new = {}
        cursor = reply[1]
        for _, pk in ipairs(reply[2]) do
          if not seen[pk] then
            seen[pk] = true
            new[#new + 1] = pk
          end
        end
        if take(rest(new)) then
          return
        end
      until cursor == '0'
      return
    end
    local from, seen = 0, walk.pk_of and {}
    repeat
      local found
      if walk.by == 'RANK' then
        found = call('ZRANGE', walk.key, from, from + size - 1)
      else
        found = call(walk.by, walk.key, walk.from, walk.to, 'LIMIT', from, size)
      end
      local pks = found
      if walk.pk_of then
        pks = {}
        for at = 1, #found do
          local pk = walk.pk_of(found[at])
          if not seen[pk] then
            seen[pk] = true
            pks[#pks + 1] = pk
          end
        end
      end
      if take(rest(pks)) then
        return
      end
      from = from + size
      size = size * 2
    until #found == 0
  end

  in_parts(node, 100, function(pks)
    for at = 1, math.min(#pks, limit - #found) do
      found[#found + 1] = pks[at]
    end
    return #found >= limit
  end)
  return found
end
