#!lua flags=no-writes
-- Says whether a partition may have lost what it had of claims: the server has another history of its data by now.
--
-- KEYS   1  the clock of the partition
--        2  for each partition of claims the time before which its claims are void here
--        3  the id of the history of its claims (see lua/library/history.lua)
-- Reply  1 if it has all, else 0; the id of the server's history; the time of the clock; the latest time of a bar
-- @guarded
-- @requires history_id is_continued

local latest = 0
for _, time in ipairs(redis.call('HVALS', KEYS[2])) do
  latest = math.max(latest, tonumber(time))
end
return { is_continued(KEYS[3]) and 1 or 0, history_id(), tonumber(redis.call('GET', KEYS[1]) or '0'), latest }
