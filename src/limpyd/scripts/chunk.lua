#!lua flags=no-writes
-- Gives a part of what a query finds, without an order, from where the last one ended.
--
-- KEYS   as for find.lua
-- ARGV   the query (see library/answer); wanted is `pks` or `rows`; further arguments are the cursor (see library/chunks), and
--        indexes that must not be walked; the limit is about how many objects to look at
-- Reply  the cursor after it, and the primary keys or rows; or GONE (see find.lua)
-- @guarded
-- @requires gone make_sorting next_chunk read_request replying rows_of sorting

return replying(function()
  local request = read_request()
  if gone then
    return { ok = 'GONE' }
  end
  sorting = sorting or make_sorting()
  local changing = {}
  for at = 6, 4 + ARGV[4] do
    changing[ARGV[at]] = true
  end
  local pks, cursor = next_chunk(request.node, request.keys, ARGV[5], request.limit, changing)
  return { cursor, request.wanted == 'rows' and rows_of(pks, request.columns) or pks }
end)
