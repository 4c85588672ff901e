#!lua
-- Runs write commands on fields of each object that a query finds: on all of them, or on none.
--
-- KEYS   1  the set of primary keys
--        2… keys of other slots that are read
-- ARGV   1… the values to read first, and the query (see lua/library/query.lua)
--        …  the most changes (see lua/library/changes.lua), or ''
--        …  the commands (see lua/library/scalar_commands.lua)
-- Reply  'ok', the number of objects; or 'large', 'unique', 'unindexable', 'transform', 'error' (see
--        lua/library/journal.lua), after the object, if it is about one (see lua/library/at_object.lua); or GONE (see
--        scripts/find.lua)
-- @guarded
-- @requires at_object atomically count_changes gone index_updates limit_changes read_node read_references
-- @requires run_scalar_commands

return atomically(function()
  local node, first = read_node(read_references(1))
  if gone then
    return { ok = 'GONE' }
  end
  local pks, changes, at = node.list(), 0, first + 1
  while at <= #ARGV do
    -- @reads ValueCommand at
    local first_index, last_index = at + 4, at + 3 + 3 * ARGV[at + 3]
    local last_arg = last_index + 2 + ARGV[last_index + 2]
    -- @end
    changes, at = changes + 1 + 2 * (last_index + 1 - first_index) / 3, last_arg + 1 -- one entry goes, one comes
  end
  limit_changes(ARGV[first])
  count_changes(changes * #pks)
  for each = 1, #pks do
    at_object(run_scalar_commands, pks[each], first + 1, #ARGV, {}, true)
  end
  if index_updates then
    index_updates.follow_composites()
  end
  return { 'ok', #pks }
end)
