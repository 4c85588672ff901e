-- Walks an index, or a sorted set of scores, in its order. (A walk gives the primary keys of an order part by part: `next(count)` those of
-- about so many entries, nil at the end. `size` is how many entries it has; some may be passed over by `skip(count)`.)
-- @requires call pk_of_text rank_of
-- @provides walk_of_index

-- The walk of the index of a sort key, within a condition on that index if there is one, after a cursor if there is one.
local function walk_of_index(key, bound, cursor)
  local first, last = 0, key.total - 1
  if bound then
    first = bound.ranks()
    last = first + bound.size - 1
  end
  if cursor and key.down then
    last = math.min(last, rank_of(key, cursor, false) - 1)
  elseif cursor then
    first = math.max(first, rank_of(key, cursor, true))
  end
  local walk = { size = last - first + 1 }
  function walk.skip(count)
    if key.down then
      last = last - count
    else
      first = first + count
    end
  end
  function walk.next(count)
    local pks
    if first > last then
      return nil
    elseif key.down then
      pks = call('ZREVRANGE', key.index, key.total - 1 - last, key.total - 1 - math.max(first, last - count + 1))
    else
      pks = call('ZRANGE', key.index, first, math.min(last, first + count - 1))
    end
    walk.skip(count)
    for at = 1, key.numeric and 0 or #pks do
      pks[at] = pk_of_text(pks[at])
    end
    return pks
  end
  return walk
end
