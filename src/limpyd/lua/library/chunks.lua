-- Goes through what a query finds in chunks, one script after the other; a cursor tells where the last one stopped.
--
-- A cursor is '' at the start, and at the end; else the way of walking, the key that is walked with its length before
-- it, and where: `s` for a set (the cursor of SSCAN), `z` for an index (score and member of the last entry), `l` for a
-- stored collection, which is in order (the position after the last member).
-- @requires call distinct sorting
-- @provides next_chunk

local function cursor_text(way, key, where)
  return way .. #key .. ':' .. key .. where
end

local function cursor_parts(text)
  local way, length, rest = string.match(text, '^(%a)(%d+):()')
  local last = rest + length - 1
  return way, string.sub(text, rest, last), string.sub(text, last + 1)
end

local function part_where(node, holds)
  for _, part in ipairs(node.parts or { node }) do
    if holds(part) then
      return part
    end
  end
end

-- Where it is best to walk, if it is not one of the keys that may not be walked since it is going to change.
local function best_walk(node, changing)
  local driver = node.driver or node
  local walk = driver.walk
  local ordered = part_where(node, function(part)
    return part.ordered
  end)
  if ordered then
    return 'l', ordered.key, '0'
  elseif walk and walk.by == 'SSCAN' then
    return 's', walk.key, '0'
  elseif walk and driver.ranks and not driver.repeats and not (changing[walk.key] or driver.scored and next(changing)) then
    return 'z', walk.key, ''
  end
  return 's', KEYS[1], '0'
end

local function chunk_of_set(node, key, where, size)
  local reply = call('SSCAN', key, where, 'COUNT', size)
  return node.keep(distinct(reply[2])), reply[1] == '0' and '' or cursor_text('s', key, reply[1])
end

-- Goes on until so many are found, or it has looked at many times as many.
local function chunk_of_list(node, key, where, size)
  local stored = part_where(node, function(part)
    return part.key == key
  end)
  local position, pks, block = tonumber(where), {}, nil
  local farthest = position + 50 * size
  repeat
    block = call('LRANGE', key, position, position + size - 1)
    local kept = stored.existing(distinct(block))
    for _, part in ipairs(node.parts or {}) do
      if part ~= stored then
        kept = part.keep(kept)
      end
    end
    local still_wanted = size - #pks
    for at = 1, math.min(#kept, still_wanted) do
      pks[#pks + 1] = kept[at]
    end
    local looked_at = #block
    if #kept >= still_wanted then
      looked_at = 1
      while block[looked_at] ~= kept[still_wanted] do
        looked_at = looked_at + 1
      end
    end
    position = position + looked_at
  until #pks >= size or #block < size or position >= farthest
  local ended = position >= call('LLEN', key)
  return pks, ended and '' or cursor_text('l', key, string.format('%.0f', position))
end

local function chunk_of_index(node, key, where, size)
  local condition = part_where(node, function(part)
    return part.walk and part.walk.key == key and part.ranks
  end)
  if not condition then
    return {}, '' -- what it was compared with is not there any more
  end
  local first = condition.ranks()
  local last = first + condition.size - 1
  if where ~= '' then
    local score, member = string.match(where, '^(%S+) (.*)$')
    first = math.max(first, sorting.rank_of({ index = key, numeric = true }, { texts = { score }, pk = member }, true))
  end
  local found = call('ZRANGE', key, first, math.min(last, first + size - 1))
  if #found == 0 then
    return {}, ''
  end
  local ending = found[#found]
  local after = first + #found > last and '' or cursor_text('z', key, call('ZSCORE', key, ending) .. ' ' .. ending)
  local pk_of = condition.walk.pk_of
  for at = 1, pk_of and #found or 0 do
    found[at] = pk_of(found[at])
  end
  return node.keep(found), after
end

-- The objects of the next chunk, and the cursor after it; in order, if all of them are in it. `few_at_once` if few of a model,
-- found by what cannot be walked, are to be one chunk.
local function next_chunk(node, keys, text, size, changing, few_at_once)
  local way, key, where
  if text == '' then
    if (node.size or call('SCARD', KEYS[1])) <= 2 * size then
      return #keys > 0 and sorting.sorted(node, keys, 0, 0) or node.list(), ''
    end
    way, key, where = best_walk(node, changing)
    if few_at_once and node.size and way == 's' and key == KEYS[1] and 4 * node.size < call('SCARD', KEYS[1]) then
      return node.list(), ''
    end
  else
    way, key, where = cursor_parts(text)
  end
  local chunk_of = way == 's' and chunk_of_set or way == 'l' and chunk_of_list or chunk_of_index
  return chunk_of(node, key, where, size)
end
