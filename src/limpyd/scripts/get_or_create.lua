#!lua
-- Finds the one object that matches a query, or creates it.
--
-- KEYS   those of the object (see lib/create)
-- ARGV   the leaves of the query (see lib/query); '1' if it may be created; the object
-- Reply  'ok', primary key, 1 if created or 0; or 'gone' (none, and it may not be created), 'many',
--        'taken', 'unique', 'error' (see lib/atomic)
-- @include atomic add_entry mint create query

return atomically(function()
  local leaves, at = read_leaves(1)
  local found = find(leaves, 0)
  if #found > 1 then
    refuse('many', #found)
  elseif found[1] then
    return { 'ok', found[1], 0 }
  elseif ARGV[at] ~= '1' then
    refuse('gone')
  end
  return { 'ok', create(at + 1), 1 }
end)
