-- Walks an index, or a sorted set of scores, in its order.
--
-- A walk returns the primary keys of an order in parts:
--   next(count)   the next primary keys, from about `count` entries; nil at the end
--   size          its number of entries
--   skip(count)   passes over some entries, if it can
-- @requires call pk_of_text
-- @provides walk_of_index

-- Returns the walk of a sort key's index: within a condition on that index, if there is one; after a cursor, if there
-- is one; with `groups`, from the first entry that has the cursor's value.
local function walk_of_index(key, bound, cursor, groups)
  local first, last, passed = 0, key.total - 1, nil
  if bound then
    first = bound.ranks()
    last = first + bound.size - 1
  end
  if cursor then
    -- @defers rank_of
    local before, up_to
    if groups then
      before, up_to = groups.ranks_of(key, cursor.texts[1])
    elseif key.down then
      up_to = rank_of(key, cursor, false)
    else
      before = rank_of(key, cursor, true)
    end
    if key.down then
      last = math.min(last, up_to - 1)
    else
      first = math.max(first, before)
    end
  end
  local walk = { size = last - first + 1 }
  function walk.skip(count)
    if key.down then
      last = last - count
    else
      first = first + count
    end
  end
  -- Returns the number of next entries that have the same value as the last one returned.
  function walk.equal_left()
    if first > last or not passed then
      return 0
    end
    local before, up_to = groups.ranks_of(key, groups.value_of(key, passed))
    return key.down and math.max(0, last - before + 1) or math.max(0, math.min(last, up_to - 1) - first + 1)
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
    passed = pks[#pks]
    for at = 1, key.numeric and 0 or #pks do
      pks[at] = pk_of_text(pks[at])
    end
    return pks
  end
  return walk
end
