#!lua flags=no-writes
-- Gives a page of what a query finds in order, from where the last one ended.
--
-- KEYS   as for scripts/find.lua
-- ARGV   the query (see lua/library/query_request.lua), which has sort keys and a limit; wanted is `pks` or `rows`;
--        further arguments are none for the first page, else the primary key of the last object of the page before, and
--        of each sort key '1' and its value, or '0' and '' if it has none
-- Reply  the primary keys or rows; the primary key of the last object, and of each sort key its value or nothing;
--        nothing of that if no more follow; or GONE (see scripts/find.lua)
-- @guarded
-- @requires gone page_of_pks read_request reply_of rows_of sorting

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
  local size = request.limit
  request.limit = size + 1 -- one more, to know whether any follow
  local pks = page_of_pks(request, cursor)
  local last
  if #pks > size then
    pks[#pks] = nil
    last = { pks[#pks] }
    for at = 1, #request.keys do
      local texts, numbers = sorting.values_of(request.keys[at], { pks[#pks] })
      last[at + 1] = (numbers or texts)[1] and texts[1] or false -- NaN counts as no value
    end
  end
  return { request.wanted == 'rows' and rows_of(pks, request.columns) or pks, last or {} }
end)
