#!lua
-- Empties the list of the last claims of a partition (see lua/library/with_claims.lua), because claims are kept in other
-- partitions now. If those lose some, all values of this partition are looked at.
--
-- KEYS   1  the list
--        2  for each partition of claims the latest time of a claim that is not in the list
-- ARGV   for each partition of claims its number, and the time of the last claim that it gave this one
-- Reply  the number of claims that were in the list
-- @guarded
-- @requires recent_parts

local function forget(number, time)
  if time > tonumber(redis.call('HGET', KEYS[2], number) or '0') then
    redis.call('HSET', KEYS[2], number, time)
  end
end

local listed = redis.call('LRANGE', KEYS[1], 0, -1)
for at = 1, #listed do
  local number, _, time = recent_parts(listed[at])
  forget(number, time)
end
for at = 1, #ARGV, 2 do
  forget(ARGV[at], tonumber(ARGV[at + 1]))
end
redis.call('UNLINK', KEYS[1])
return #listed
