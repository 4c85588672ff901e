#!lua flags=allow-oom
-- Notes a time of a partition that gives objects, before which all that it has promised is void from now on.
--
-- KEYS   1  the clock of the partition
--        2  the times before which promises of other partitions are void in it
--        3  the catalog
--        4  the objects that a deletion has closed
--        5  the tombs of objects
-- ARGV   1  '1' if others refer to its objects: the time is later than that of all that was promised before
-- Reply  the time; those other times, each after the partition that has promised; the record of those who refer; how
--        many objects are closed; how many tombs there are
-- @guarded

return {
  ARGV[1] == '1' and redis.call('INCR', KEYS[1]) or 0,
  redis.call('HGETALL', KEYS[2]),
  redis.call('HGET', KEYS[3], ':references') or '',
  redis.call('HLEN', KEYS[4]),
  redis.call('HLEN', KEYS[5]),
}
