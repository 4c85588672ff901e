#!lua
-- Finds the one object that matches a query, or creates it.
--
-- KEYS   1  the set of primary keys
--        2  the last automatic primary key, or that set again (see lua/library/create.lua)
--        3… keys that the query reads
-- ARGV   1… the values to read first, and the query (see lua/library/query.lua)
--        …  '1' if the object may be created
--        …  the object (see lua/library/create.lua)
-- Reply  'ok', primary key, 1 if created or 0; or 'gone' (none matches, and it may not be created), 'many', 'taken',
--        'unique', 'error' (see lua/library/journal.lua)
-- @guarded
-- @requires atomically create only_match read_node read_references refuse

return atomically(function()
  local node, at = read_node(read_references(1))
  local found = only_match(node)
  if found then
    return { 'ok', found, 0 }
  elseif ARGV[at] ~= '1' then
    refuse('gone')
  end
  return { 'ok', create(at + 1), 1 }
end)
