#!lua flags=allow-oom
-- Opens a partition whose objects are all in their places.
--
-- KEYS   1  the counter of automatic primary keys
--        2  the catalog
-- ARGV   1  the least number that the counter may have; '' if it is not known
--        2  the number of partitions
--        3  a new random epoch
-- Reply  the number of partitions
-- @guarded

local last, least = redis.call('GET', KEYS[1]) or '', ARGV[1]
if #least > #last or #least == #last and least > last then
  redis.call('SET', KEYS[1], least)
end
redis.call('HDEL', KEYS[2], ':closed')
redis.call('HSET', KEYS[2], ':partitions', ARGV[2], ':epoch', ARGV[3])
return tonumber(ARGV[2])
