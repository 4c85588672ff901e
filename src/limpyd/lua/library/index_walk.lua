-- Walks an index, or a sorted set of scores, in its order. (A walk gives the primary keys of an order part by part: `next(count)` those of
-- about so many entries, nil at the end. `size` is how many entries it has; some may be passed over by `skip(count)`.)
-- @requires call comes_before pk_of_text
-- @provides rank_of walk_of_index

-- How many entries of an index come before a cursor; and with it, if `included`.
local function rank_of(key, cursor, included)
  local text, pk = cursor.texts[1], cursor.pk
  if not key.numeric then
    local member = string.gsub(text, '%z', '\0\255') .. '\0\0' .. pk
    return call('ZLEXCOUNT', key.index, '-', (included and '[' or '(') .. member)
  end
  -- Of equal numbers the primary keys decide; they stand in their order.
  local low = call('ZCOUNT', key.index, '-inf', '(' .. text)
  local high = call('ZCOUNT', key.index, '-inf', text)
  while low < high do
    local middle = math.floor((low + high) / 2)
    local there = call('ZRANGE', key.index, middle, middle)[1]
    if comes_before(there, pk) or included and there == pk then
      low = middle + 1
    else
      high = middle
    end
  end
  return low
end

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
