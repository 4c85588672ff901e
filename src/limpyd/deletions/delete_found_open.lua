#!lua flags=allow-oom
-- Deletes the objects that a query finds, all or none of them, to which objects of other partitions may refer.
--
-- KEYS   1  the set of primary keys
--        2… keys of other slots that are read
-- ARGV   1… the values to read first, and the query (see lua/library/query.lua)
--        …  see lua/library/departure.lua
-- Reply  'ok'; the time; the primary keys of those deleted; or 'large', 'undeclared', 'transform', 'error' (see
--        lua/library/journal.lua); or GONE (see scripts/find.lua)
-- @guarded
-- @requires atomically gone read_departure read_node read_references

return atomically(function()
  local node, first = read_node(read_references(1))
  if gone then
    return { ok = 'GONE' }
  end
  local departure, pks = read_departure(first), node.list()
  for at = 1, #pks do
    departure.take(pks[at])
  end
  return { 'ok', departure.leave() or 0, pks }
end)
