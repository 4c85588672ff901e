#!lua flags=allow-oom
-- Deletes the objects that a query finds, all or none of them.
--
-- KEYS   the set of primary keys; and keys of other slots that are read
-- ARGV   values to be read first, and the query (see library/query); how much may be changed at the most (see library/changes),
--        or ''; the catalog of the model; what the model looks like (see library/deleting)
-- Reply  'ok', how many there were; or 'large', 'undeclared', 'asked', 'error' (see library/atomic); or GONE (see find.lua)
-- @guarded
-- @requires asked atomically forget gone limit_changes make_deletion_count read_node read_references unlink_all

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
    forget(KEYS[1], pks[at], first + 2, #ARGV, meta)
  end
  if asked then
    return -- what follows cannot be taken back
  end
  for at = 1, #pks do
    unlink_all(pks[at], first + 2, meta)
  end
  return { 'ok', #pks }
end)
