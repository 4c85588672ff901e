#!lua flags=allow-oom
-- Deletes the objects that a query finds, and that others may refer to, with all that comes of it: all of them or none.
--
-- KEYS   the set of primary keys; and keys of other slots that are read
-- ARGV   values to be read first, and the query (see library/query); the models that are concerned (see library/consequences)
-- Reply  'ok', how many there were; or 'restricted', 'undeclared', 'asked', 'error' (see library/atomic); or GONE (see find.lua)
-- @guarded
-- @requires atomically gone read_models read_node read_references take_away unlink_taken

return atomically(function()
  local node, first = read_node(read_references(1))
  if gone then
    return { ok = 'GONE' }
  end
  local found = take_away(node.list(), read_models(first))
  unlink_taken()
  return { 'ok', found }
end)
