#!lua
-- Runs write commands on fields of each object that a query finds: on all of them, or on none.
--
-- KEYS   the set of primary keys; and keys of other slots that are read
-- ARGV   values to be read first, and the query (see library/query); commands (see library/steps)
-- Reply  'ok', how many objects there were; or 'unique', 'unindexable', 'asked', 'error' (see library/atomic); or GONE (see find.lua)
-- @guarded
-- @requires atomically gone read_node read_references run_steps upkeep

return atomically(function()
  local node, first = read_node(read_references(1))
  if gone then
    return { ok = 'GONE' }
  end
  local pks = node.list()
  for at = 1, #pks do
    run_steps(pks[at], first, #ARGV, {}, true)
  end
  if upkeep then
    upkeep.follow_composites()
  end
  return { 'ok', #pks }
end)
