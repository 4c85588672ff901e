#!lua flags=allow-oom
-- Deletes the objects that a query finds, and that others may refer to, with the consequences: all of them or none.
--
-- KEYS   1  the set of primary keys
--        2… keys of other slots that are read
-- ARGV   1… the values to read first, and the query (see lua/library/query.lua)
--        …  the models concerned (see lua/library/cascade.lua)
-- Reply  'ok', the number of objects found; or 'restricted', 'undeclared', 'transform', 'error' (see
--        lua/library/journal.lua); or GONE (see scripts/find.lua)
-- @guarded
-- @requires atomically delete_objects gone read_models read_node read_references unlink_deleted

return atomically(function()
  local node, first = read_node(read_references(1))
  if gone then
    return { ok = 'GONE' }
  end
  local found = delete_objects(node.list(), read_models(first))
  unlink_deleted()
  return { 'ok', found }
end)
