#!lua flags=allow-oom
-- Deletes the objects that a query finds, all or none of them.
--
-- KEYS   1  the set of primary keys
--        2… keys of other slots that are read
-- ARGV   1… the values to read first, and the query (see lua/library/query.lua)
--        …  the most changes (see lua/library/changes.lua), or ''
--        …  the catalog of the model
--        …  the keys and indexes of its objects (see lua/library/unindex_object.lua)
-- Reply  'ok', the number of objects; or 'large', 'undeclared', 'transform', 'error' (see lua/library/journal.lua); or
--        GONE (see scripts/find.lua)
-- @guarded
-- @requires atomically gone limit_changes make_deletion_count read_node read_references transform_request
-- @requires unindex_object unlink_object

return atomically(function()
  local node, first = read_node(read_references(1))
  if gone then
    return { ok = 'GONE' }
  end
  limit_changes(ARGV[first])
  local pks, count, meta = node.list(), make_deletion_count(first + 2, #ARGV), ARGV[first + 1]
  for at = 1, #pks do
    count(pks[at])
  end
  for at = 1, #pks do
    unindex_object(KEYS[1], pks[at], first + 2, #ARGV, meta)
  end
  if transform_request then
    return -- what follows cannot be taken back
  end
  for at = 1, #pks do
    unlink_object(pks[at], first + 2, meta)
  end
  return { 'ok', #pks }
end)
