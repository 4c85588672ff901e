#!lua flags=no-writes
-- Answers a query that no single native command answers.
--
-- KEYS   the set of primary keys
-- ARGV   'list' or 'count'; how many at the most, 0 for all; the leaves (see lib/query)
-- Reply  the primary keys, or how many there are
-- @include query

local found = find(read_leaves(3), tonumber(ARGV[2]))
return ARGV[1] == 'count' and #found or found
