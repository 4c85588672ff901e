#!lua flags=no-writes
-- Answers a query that no single native command answers.
--
-- KEYS   1  the set of primary keys
--        2… keys of other slots that are read
-- ARGV   the query (see lua/library/query_request.lua), with a further argument if exactly one object must match;
--        wanted is
--          pks      the primary keys
--          rows     the values of the columns (see lua/library/rows.lua)
--          named    the same, each row after its primary key
--          count    the number of objects
--          sum      the total of the first column (see lua/library/aggregates.lua)
--          tally    the values of the first column, each with its number of occurrences
-- Reply  the result; GONE if a stored collection has expired or was deleted; NONE or MANY if not exactly one object
--        matches
-- @guarded
-- @requires gone make_aggregates page_of_pks read_request reply_of rows_of sum_of tally_of values_of_all

return reply_of(function()
  local request = read_request()
  if gone then
    return { ok = 'GONE' }
  end
  local pks = page_of_pks(request)
  if ARGV[4] ~= '0' and #pks ~= 1 then
    return { ok = #pks == 0 and 'NONE' or 'MANY' }
  end
  if request.wanted == 'pks' then
    return pks
  elseif request.wanted == 'rows' then
    return rows_of(pks, request.columns)
  elseif request.wanted == 'count' then
    return #pks
  end
  make_aggregates()
  local texts = values_of_all(pks, request.columns[1])
  return request.wanted == 'sum' and sum_of(texts, request.columns[1], pks) or tally_of(texts)
end)
