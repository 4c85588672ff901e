#!lua
-- Closes the objects that a query finds, for a deletion.
--
-- KEYS   1  the set of primary keys
--        2… keys of other slots that are read
-- ARGV   1… the values to read first, and the query (see lua/library/query.lua)
--        …  the token of the deletion
-- Reply  'ok'; the time; the primary keys; or 'busy', a primary key and the record, if another deletion has closed one,
--        with nothing changed; or 'transform', 'error' (see lua/library/journal.lua); or GONE (see scripts/find.lua)
-- @guarded
-- @requires atomically close_object gone read_node read_references tick_clock

return atomically(function()
  local node, first = read_node(read_references(1))
  if gone then
    return { ok = 'GONE' }
  end
  local pks = node.list()
  for at = 1, #pks do
    close_object(ARGV[first], pks[at], '')
  end
  return { 'ok', tick_clock(), pks }
end)
