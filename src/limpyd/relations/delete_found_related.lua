#!lua flags=allow-oom
-- Deletes the objects that a query finds, and that others may refer to, with all that comes of it: all of them or none.
--
-- KEYS   the set of primary keys; and keys of other slots that are read
-- ARGV   values to be read first, and the query (see lua/library/query.lua); the models that are concerned (see
--        lua/library/cascade.lua)
-- Reply  'ok', how many there were; or 'restricted', 'undeclared', 'transform', 'error' (see lua/library/journal.lua);
--        or GONE (see scripts/find.lua)
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
