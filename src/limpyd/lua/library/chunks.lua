-- Goes through the result of a query in chunks, one script for each; a cursor says where the last chunk ended.
--
-- A cursor is '' at the start and at the end. Otherwise it is the position of the scan of the conditions (see
-- lua/library/conditions.lua). For a stored collection, which is in order, it is `l`, the length of its key, `:`, the
-- key, and the position after the last member.
-- @requires call distinct keep_existing sorting
-- @provides next_chunk

local function ordered_part(node)
  for _, part in ipairs(node.parts or { node }) do
    if part.ordered then
      return part
    end
  end
end

-- Goes on until `size` objects are found, or many times as many members were looked at.
local function chunk_of_stored(node, stored, cursor, size)
  local position, pks, block = tonumber(cursor), {}, nil
  local farthest = position + 50 * size
  repeat
    block = call('LRANGE', stored.key, position, position + size - 1)
    local kept = keep_existing(distinct(block))
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
  local ended = position >= call('LLEN', stored.key)
  return pks, ended and '' or 'l' .. #stored.key .. ':' .. stored.key .. string.format('%.0f', position)
end

-- Returns the objects of the next chunk, in order if it is the only one; the next cursor; and if all objects had to be
-- listed at once, those after the chunk.
local function next_chunk(node, keys, cursor, size)
  local stored = (cursor == '' or string.byte(cursor) == 108) and ordered_part(node)
  if cursor == '' and node.cost <= 2 * size then
    return #keys > 0 and sorting.sorted(node, keys, 0, 0) or node.list(), ''
  elseif stored then
    local length, rest = string.match(cursor, '^l(%d+):()')
    return chunk_of_stored(node, stored, length and string.sub(cursor, rest + length) or '0', size)
  elseif cursor == '' and (node.lists or not node.scan) then
    local pks, others = {}, {}
    for number, pk in ipairs(node.list()) do
      local part = number <= size and pks or others
      part[#part + 1] = pk
    end
    return pks, '', others
  elseif not node.scan then
    return {}, '' -- the value that it was compared with does not exist any more
  end
  local pks, after = node.scan(cursor, size)
  return pks, after
end
