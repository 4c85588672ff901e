-- The rank of a cursor in an index.
-- @requires call comes_before
-- @provides rank_of

-- Returns the number of entries before a cursor; the cursor's own counts if `included`.
local function rank_of(key, cursor, included)
  local text, pk = cursor.texts[1], cursor.pk
  if not key.numeric then
    local member = string.gsub(text, '%z', '\0\255') .. '\0\0' .. pk
    return call('ZLEXCOUNT', key.index, '-', (included and '[' or '(') .. member)
  end
  -- Entries of equal numbers are in the order of their primary keys.
  local low = call('ZCOUNT', key.index, '-inf', '(' .. text)
  local high = call('ZCOUNT', key.index, '-inf', text)
  while low < high do
    local middle = math.floor((low + high) / 2)
    local middle_pk = call('ZRANGE', key.index, middle, middle)[1]
    if comes_before(middle_pk, pk) or included and middle_pk == pk then
      low = middle + 1
    else
      high = middle
    end
  end
  return low
end
