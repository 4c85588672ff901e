#!lua
-- Gives each object that a query finds new values, which may be computed from its own, if it meets a condition: all of
-- them, or none.
--
-- KEYS   1  the set of primary keys
--        2… keys of other slots that are read
-- ARGV   1… the values to read first, and the query (see lua/library/query.lua)
--        …  the most changes (see lua/library/changes.lua), or ''
--        …  the most changes that one object takes
--        …  the fields, then the new values (see lua/library/assign.lua)
-- Reply  'ok', the number of objects that were changed; or 'large', 'unique', 'unindexable', 'incomputable',
--        'transform', 'error' (see lua/library/journal.lua), after the object, if it is about one (see
--        lua/library/at_object.lua); or GONE (see scripts/find.lua)
-- @guarded
-- @requires assign at_object atomically count_changes gone limit_changes read_fields read_node read_references

return atomically(function()
  local node, first = read_node(read_references(1))
  if gone then
    return { ok = 'GONE' }
  end
  local pks, changed, at = node.list(), 0, read_fields(first + 2)
  limit_changes(ARGV[first])
  count_changes(ARGV[first + 1] * #pks)
  for each = 1, #pks do
    if at_object(assign, pks[each], at, true) ~= nil then
      changed = changed + 1
    end
  end
  return { 'ok', changed }
end)
