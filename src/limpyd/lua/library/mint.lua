-- Mints the next automatic primary key. KEYS[1] is the set of primary keys, KEYS[2] the last automatic one.
--
-- A counter that was lost, or is too low, continues from the highest primary key: some queries walk the numbers up to
-- the counter (see lua/library/pk_walk.lua), so no primary key may be higher. statements/lua/mint.lua does the same.
--
-- A model of several partitions mints in each the numbers whose turn it is there: of 16, 1, 17, 33 … in the first one.
-- @requires call current_key is_rounded undo_with
-- @provides count_up mint

-- Returns the number of partitions, and the first number of this one. While it gives objects to others, it mints only
-- what it keeps, in the steps of the new number of partitions (see limpyd.keys.moving).
local function turns()
  local number = string.match(KEYS[1], ':(%d+)[.%d]*}[^:]*:pks$')
  local count = number and call('HGET', string.sub(KEYS[1], 1, -4) .. 'meta', ':partitions')
  if not count then -- there is one, whatever the name looks like
    return 1, 1
  end
  return tonumber(string.match(count, '%d+')), number + 1
end

-- Adds numbers to the counter, and returns the last one, by how much it was raised, the step between two numbers, and
-- the first one of all.
local function count_up(numbers)
  local step, first = turns()
  local raised = numbers * step
  local last = raised == 1 and call('INCR', KEYS[2]) or call('INCRBY', KEYS[2], raised)
  if step > 1 then -- a new counter, or one that was set to any number, comes to where its numbers are
    local digits = is_rounded(last) and call('GET', KEYS[2]) or string.format('%.0f', last)
    local beyond = (string.sub(digits, -8) - first) % step
    local aligning = last <= raised and first + raised - step - last or beyond > 0 and step - beyond or 0
    if aligning ~= 0 then
      last, raised = call('INCRBY', KEYS[2], aligning), raised + aligning
    end
  end
  return last, raised, step, first
end

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
  local number, raised, _, first = count_up(1)
  local moved = false
  if number == first then
    undo_with('DEL', KEYS[2])
  elseif raised == 1 then
    undo_with('DECR', KEYS[2])
  else
    undo_with('DECRBY', KEYS[2], raised)
  end
  current_key = KEYS[1]
  local lost = number == first and call('SCARD', KEYS[1]) > 0
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
    number = count_up(1)
  end
end
