#!lua flags=no-writes
-- Answers a query by one native command, if all objects that the command finds exist. If one does not, because
-- something other than limpyd left it in an index, answers as scripts/find.lua does.
--
-- KEYS   as for scripts/find.lua
-- ARGV   the query (see lua/library/query_request.lua), with `pks` wanted; then the command, and the number of its
--        words
-- Reply  the primary keys; or GONE (see scripts/find.lua)
-- @guarded

local last = #ARGV - 1
local found = redis.pcall(unpack(ARGV, last - ARGV[#ARGV] + 1, last))
found = type(found) == 'string' and { found } or found or {}
local all_exist = not found.err
for first = 1, #found, 1000 do
  local replies = redis.call('SMISMEMBER', KEYS[1], unpack(found, first, math.min(first + 999, #found)))
  for at = 1, #replies do
    all_exist = all_exist and replies[at] == 1
  end
end
if all_exist then
  return found
end

-- @requires gone page_of_pks read_request reply_of

return reply_of(function()
  local request = read_request()
  if gone then
    return { ok = 'GONE' }
  end
  return page_of_pks(request)
end)
