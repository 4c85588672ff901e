#!lua flags=no-writes
-- Gives a part of what a query finds, without an order, from where the last one ended.
--
-- KEYS   as for find.lua
-- ARGV   the query (see library/answer); wanted is `pks`, `rows`, `sum` or `tally` (see find.lua); further arguments are the cursor (see library/chunks), and
--        indexes that must not be walked; the limit is about how many objects to look at
-- Reply  the cursor after it, and what is wanted of them; or GONE (see find.lua)
-- @guarded
-- @requires gone make_aggregates make_sorting next_chunk read_request replying rows_of sorting sum_of tally_of
-- @requires values_of_all

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
  local wanted, column = request.wanted, request.columns[1]
  local total = wanted == 'sum' or wanted == 'tally'
  local pks, cursor = next_chunk(request.node, request.keys, ARGV[5], request.limit, changing, total)
  if not total then
    return { cursor, wanted == 'rows' and rows_of(pks, request.columns) or pks }
  end
  make_aggregates()
  local texts = values_of_all(pks, column)
  return { cursor, wanted == 'sum' and sum_of(texts, column, pks) or tally_of(texts) }
end)
