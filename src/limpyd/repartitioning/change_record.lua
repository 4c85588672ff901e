#!lua flags=allow-oom
-- Changes the record of a partition from which, or to which, objects move, if it is as expected, and with it the epoch.
--
-- KEYS   1  the catalog of the partition
-- ARGV   1  the record as it should be
--        2  the new one
--        3  a new random epoch
-- Reply  the record, as it is now

local recorded = redis.call('HGET', KEYS[1], ':partitions') or ''
if recorded == ARGV[1] then
  recorded = ARGV[2]
  redis.call('HSET', KEYS[1], ':partitions', recorded, ':epoch', ARGV[3])
end
return recorded
