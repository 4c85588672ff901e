-- Walks a stored collection in its order. (What a walk is: see lua/library/index_walk.lua.)
-- @requires call
-- @provides walk_of_list

local function walk_of_list(key, down)
  local size, passed, seen = call('LLEN', key), 0, {}
  local walk = { size = size }
  function walk.next(count)
    if passed >= size then
      return nil
    end
    local last = math.min(passed + count, size) - 1
    local block, pks = call('LRANGE', key, down and -1 - last or passed, down and -1 - passed or last), {}
    passed = last + 1
    for at = 1, #block do
      local pk = block[down and #block + 1 - at or at]
      if not seen[pk] then
        seen[pk] = true
        pks[#pks + 1] = pk
      end
    end
    return pks
  end
  return walk
end
