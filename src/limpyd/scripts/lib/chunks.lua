-- Goes through what a query finds in chunks, one script after the other; a cursor tells where the last one stopped.
--
-- A cursor is '' at the start, and at the end; else the way of walking, the key that is walked with its length before
-- it, and where: `s` for a set (the cursor of SSCAN), `z` for a sorted set (score and member of the last entry).

local function cursor_text(way, key, where)
  return way .. #key .. ':' .. key .. where
end

local function cursor_parts(text)
  local way, length, rest = string.match(text, '^(%a)(%d+):()')
  local last = rest + length - 1
  return way, string.sub(text, rest, last), string.sub(text, last + 1)
end

-- Where it is best to walk.
local function best_walk(node)
  local driver = node.driver or node
  local walk = driver.walk
  if walk and walk.by == 'SSCAN' then
    return 's', walk.key
  elseif walk and driver.ranks then
    return 'z', walk.key
  end
  return 's', KEYS[1]
end

local function condition_on(node, key)
  for _, part in ipairs(node.parts or { node }) do
    if part.walk and part.walk.key == key and part.ranks then
      return part
    end
  end
end

-- The objects of the next chunk, and the cursor after it.
local function next_chunk(node, text, size)
  if text == '' and node.size and node.size <= 2 * size then
    return node.list(), ''
  end
  local way, key, where
  if text == '' then
    way, key = best_walk(node)
    where = way == 's' and '0' or ''
  else
    way, key, where = cursor_parts(text)
  end
  if way == 's' then
    local reply = call('SSCAN', key, where, 'COUNT', size)
    local after = reply[1] == '0' and '' or cursor_text('s', key, reply[1])
    return node.keep(distinct(reply[2])), after
  end
  local condition = condition_on(node, key)
  local first = condition.ranks()
  local last = first + condition.size - 1
  if where ~= '' then
    local score, member = string.match(where, '^(%S+) (.*)$')
    local sort_key = { index = key, numeric = true }
    if call('ZSCORE', key, member) == score then
      first = math.max(first, call('ZRANK', key, member) + 1)
    else
      first = math.max(first, rank_of(sort_key, { texts = { score }, pk = member }, true))
    end
  end
  local found = call('ZRANGE', key, first, math.min(last, first + size - 1))
  if #found == 0 then
    return {}, ''
  end
  local ending = found[#found]
  local after = first + #found > last and '' or cursor_text('z', key, call('ZSCORE', key, ending) .. ' ' .. ending)
  if condition.walk.pk_of then
    for at = 1, #found do
      found[at] = condition.walk.pk_of(found[at])
    end
    found = distinct(found)
  end
  return node.keep(found), after
end
