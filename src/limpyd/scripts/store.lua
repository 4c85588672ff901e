#!lua
-- Stores the result of a query as a list of primary keys.
--
-- KEYS   as for scripts/find.lua, and the key of the list
-- ARGV   the query (see lua/library/query_request.lua), where further is
--          1  the position of the list in KEYS
--          2  its time to live in seconds, 0 for none
--          3  the member of an empty result, as Redis has no empty lists
-- Reply  the length of the list; or GONE (see scripts/find.lua); or 'error' (see lua/library/journal.lua)
-- @guarded
-- @requires atomically gone page_of_pks read_request replace_list

return atomically(function()
  local request = read_request()
  if gone then
    return { ok = 'GONE' }
  end
  return replace_list(KEYS[tonumber(ARGV[5])], page_of_pks(request), ARGV[6], ARGV[7])
end)
