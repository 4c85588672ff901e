#!lua
-- Gives the one object that matches a query new values, or creates it.
--
-- KEYS   as for scripts/get_or_create.lua
-- ARGV   1… the values to read first, and the query (see lua/library/query.lua)
--        …  the fields, then their new values (see lua/library/assign.lua)
--        …  the number of those fields, or '' if no object may be created; and the object (see lua/library/create.lua)
-- Reply  'ok', primary key, 1 if created or 0; or 'gone' (none matches, and it may not be created), 'many', 'taken',
--        'unique', 'unindexable', 'transform', 'error' (see lua/library/journal.lua), after the object that matches, if
--        it is about that (see lua/library/at_object.lua); a number in an outcome counts the fields, then the entries of
--        the object
-- @guarded
-- @requires after_object assign at_object atomically create only_match read_fields read_node read_references refuse

return atomically(function()
  local node, at = read_node(read_references(1))
  local found = only_match(node)
  at = read_fields(at)
  if found then
    at_object(assign, found, at)
    return { 'ok', found, 0 }
  end
  at = after_object(at)
  if ARGV[at] == '' then
    refuse('gone')
  end
  return { 'ok', create(at + 1, tonumber(ARGV[at])), 1 }
end)
