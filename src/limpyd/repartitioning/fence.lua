#!lua flags=allow-oom
-- Closes a partition to all writes but those of movers, unless the objects have already moved.
--
-- KEYS   1  the catalog of the partition
--        2  the id of the history of its claims (see lua/library/history.lua)
-- ARGV   1  the old number of partitions
--        2  the new one
--        3  a new random epoch
--        4  '1' if there are claims, which are made anew while the partition is closed: so nobody restores older ones
-- Reply  1  the number in the catalog: the negative of the new one if it is closed, the new one if all have moved; any
--           other if the partition belongs to something else
--        2  the milliseconds since it was closed
-- @requires history_id

local now = redis.call('TIME')
now = now[1] * 1000 + math.floor(now[2] / 1000)
local found = redis.call('HGET', KEYS[1], ':partitions')
if not found or found == ARGV[1] then
  found = '-' .. ARGV[2]
  redis.call('HSET', KEYS[1], ':partitions', found, ':epoch', ARGV[3], ':closed', string.format('%.0f', now))
  if ARGV[4] == '1' then
    redis.call('SET', KEYS[2], history_id())
  end
end
return { tonumber(found), now - (redis.call('HGET', KEYS[1], ':closed') or now) }
