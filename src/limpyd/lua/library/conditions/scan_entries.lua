-- Goes through a sorted set in parts (see `scan` in lua/library/conditions.lua).
-- @requires call comes_before
-- @provides scan_entries

-- Returns the number of entries up to and including an entry, which may be gone.
local function rank_after(key, score, member)
  if call('ZSCORE', key, member) == score then
    return call('ZRANK', key, member) + 1
  end
  local low, high = call('ZCOUNT', key, '-inf', '(' .. score), call('ZCOUNT', key, '-inf', score)
  while low < high do
    local middle = math.floor((low + high) / 2)
    if comes_before(member, call('ZRANGE', key, middle, middle)[1]) then
      high = middle
    else
      low = middle + 1
    end
  end
  return low
end

-- Returns some entries between two ranks, and the position after them: the score and the member of the last one. An
-- entry comes exactly once if it stays, whatever else is added or removed meanwhile.
local function scan_entries(key, first, last, cursor, count)
  if cursor ~= '' then
    local score, member = string.match(cursor, '^(%S+) (.*)$')
    first = math.max(first, rank_after(key, score, member))
  end
  local found = call('ZRANGE', key, first, math.min(last, first + count - 1))
  if #found == 0 or first + #found > last then
    return found, ''
  end
  return found, call('ZSCORE', key, found[#found]) .. ' ' .. found[#found]
end
