#!lua flags=no-writes
-- Answers a query that no single native command answers.
--
-- KEYS   the set of primary keys; and keys of other slots that are read
-- ARGV   the query (see lib/answer); wanted is one of
--          pks      the primary keys
--          rows     the values of the columns (see lib/rows)
--          count    how many there are
--          sum      the total of the first column (see lib/aggregates)
--          tally    the values of the first column, each with how often it is there
-- Reply  that; or GONE if a stored collection is not there any more
-- @include calling forms order conditions ranges query walking sorting rows aggregates answer

local request = read_request()
if gone then
  return { ok = 'GONE' }
end
local pks = answered(request)
if request.wanted == 'pks' then
  return pks
elseif request.wanted == 'rows' then
  return rows_of(pks, request.columns)
elseif request.wanted == 'count' then
  return #pks
end
make_aggregates()
local texts = values_of_all(pks, request.columns[1])
return request.wanted == 'sum' and sum_of(texts) or tally_of(texts)
