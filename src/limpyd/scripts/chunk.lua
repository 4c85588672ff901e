#!lua flags=no-writes
-- Finds the next chunk of the objects of a query, in no order, from the cursor of the chunk before.
--
-- KEYS   as for scripts/find.lua
-- ARGV   the query (see lua/library/query_request.lua), where
--          wanted   is `pks`, `rows`, `sum` or `tally` (see scripts/find.lua), or `first`: the first object in the
--                   order of the sort keys, and its value
--          limit    is the approximate number of objects to look at
--          further  is the cursor (see lua/library/chunks.lua)
-- Reply  the next cursor, and the result for the chunk; if the query had to list all objects at once, also the primary
--        keys of the objects after the chunk; or GONE (see scripts/find.lua)
-- @guarded
-- @requires gone make_aggregates make_sorting next_chunk read_request reply_of rows_of sorting sum_of tally_of
-- @requires values_of_all

local function first_of_chunk(pks, request)
  local found = {
    size = #pks,
    cost = #pks,
    list = function()
      return pks
    end,
    keep = function(some)
      return some
    end,
  }
  local first = sorting.sorted(found, request.keys, 0, 1)
  return { first[1], rows_of({ first[1] }, request.columns)[1] }
end

return reply_of(function()
  local request = read_request()
  if gone then
    return { ok = 'GONE' }
  end
  sorting = sorting or make_sorting()
  local wanted, column = request.wanted, request.columns[1]
  local items = wanted == 'pks' or wanted == 'rows'
  local pks, cursor, others = next_chunk(request.node, items and request.keys or {}, ARGV[5], request.limit)
  if items then
    return { cursor, wanted == 'rows' and rows_of(pks, request.columns) or pks, others }
  elseif wanted == 'first' then
    return { cursor, #pks > 0 and first_of_chunk(pks, request) or {}, others }
  end
  make_aggregates()
  local texts = values_of_all(pks, column)
  return { cursor, wanted == 'sum' and sum_of(texts, column, pks) or tally_of(texts), others }
end)
