-- Mints the next automatic primary key. KEYS[1] is the set of primary keys, KEYS[2] the last automatic one.
--
-- A counter that was lost, or is too low, continues from the highest primary key: some queries walk the numbers up to
-- the counter (see lua/library/pk_walk.lua), so no primary key may be higher. statements/lua/mint.lua does the same.
-- @requires call current_key is_rounded undo_with
-- @provides mint

-- The highest primary key; or the number of objects, if some keys are not integers, or the account may not sort.
local function highest_pk()
  local found = redis.pcall('SORT_RO', KEYS[1], 'DESC', 'LIMIT', 0, 1)[1]
  if found and string.match(found, '^%d+$') and #found <= 18 then
    return found
  end
  return call('SCARD', KEYS[1])
end

local function mint()
  current_key = KEYS[2]
  local number, moved = call('INCR', KEYS[2]), false
  if number == 1 then
    undo_with('DEL', KEYS[2])
  else
    undo_with('DECR', KEYS[2])
  end
  current_key = KEYS[1]
  local lost = number == 1 and call('SCARD', KEYS[1]) > 0
  while true do
    local pk = is_rounded(number) and call('GET', KEYS[2]) or string.format('%.0f', number)
    current_key = KEYS[1]
    if not lost and call('SADD', KEYS[1], pk) == 1 then
      undo_with('SREM', KEYS[1], pk)
      return pk
    end
    lost = false
    if not moved then
      moved = true
      local highest = highest_pk()
      current_key = KEYS[2]
      undo_with('SET', KEYS[2], pk)
      if tonumber(highest) > number then
        call('SET', KEYS[2], highest)
      end
    end
    current_key = KEYS[2]
    number = call('INCR', KEYS[2])
  end
end
