#!lua flags=no-writes
-- Finds a page of a sorted query, from the end of the page before.
--
-- KEYS   as for scripts/find.lua
-- ARGV   the query (see lua/library/query_request.lua), with sort keys and a limit, where
--          wanted   is `pks`, `rows` or `placed`
--          further  is empty for the first page; else the primary key of the last object of the page before, then for
--                   each sort key '1' and its value, or '0' and '' if it has none
-- Reply  1  the primary keys, or the rows
--        2  the position of the last object: its primary key, then for each sort key its value or nothing; empty on
--           the last page
--        3  the position of the first object; empty on the first page
--        or, of `placed`: for each object its position, and then the columns; and 1 if others follow, else 0
--        or GONE (see scripts/find.lua)
-- @guarded
-- @requires gone make_sorting page_of_pks read_request reply_of rows_of sorting

local function placed_rows(pks, request)
  sorting = sorting or make_sorting()
  local keys, width = request.keys, #request.columns
  local places, rows = {}, width > 0 and rows_of(pks, request.columns) or {}
  for number = 1, #keys do
    local texts, numbers = sorting.values_of(keys[number], pks)
    places[number] = { texts = texts, known = numbers or texts } -- NaN counts as no value
  end
  local placed = {}
  for at = 1, #pks do
    placed[#placed + 1] = pks[at]
    for number = 1, #keys do
      placed[#placed + 1] = places[number].known[at] and places[number].texts[at] or false
    end
    for column = 1, width do
      placed[#placed + 1] = rows[(at - 1) * width + column]
    end
  end
  return placed
end

return reply_of(function()
  local request = read_request()
  if gone then
    return { ok = 'GONE' }
  end
  local cursor
  if ARGV[4] ~= '0' then
    cursor = { pk = ARGV[5], texts = {} }
    for at = 1, #request.keys do
      cursor.texts[at] = ARGV[4 + 2 * at] == '1' and ARGV[5 + 2 * at] or nil
    end
  end
  local function position_of(pk)
    local position = { pk }
    for at = 1, pk and #request.keys or 0 do
      local texts, numbers = sorting.values_of(request.keys[at], { pk })
      position[at + 1] = (numbers or texts)[1] and texts[1] or false -- NaN counts as no value
    end
    return position
  end
  local size = request.limit
  request.limit = size > 0 and size + 1 or 0 -- one more, to know whether any follow
  local pks = page_of_pks(request, cursor)
  if request.wanted == 'placed' then
    local follow = size > 0 and #pks > size
    pks[size + 1] = not follow and pks[size + 1] or nil
    return { placed_rows(pks, request), follow and 1 or 0 }
  end
  local last = {}
  if #pks > size then
    pks[#pks] = nil
    last = position_of(pks[#pks])
  end
  local first = cursor and position_of(pks[1]) or {}
  return { request.wanted == 'rows' and rows_of(pks, request.columns) or pks, last, first }
end)
