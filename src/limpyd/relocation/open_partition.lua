#!lua flags=allow-oom
-- Opens a partition whose objects have all arrived.
--
-- KEYS   1  the counter of automatic primary keys
--        2  the catalog
--        3  the digests of the copies
-- ARGV   1  the number of the counter; '' if there is none
--        2  the number of partitions
--        3  the token of the move
--        4  a new random epoch
-- Reply  the number of partitions
-- @guarded

if ARGV[1] ~= '' then
  redis.call('SET', KEYS[1], ARGV[1])
end
redis.call('UNLINK', KEYS[3])
redis.call('HSET', KEYS[2], ':partitions', ARGV[2], ':arrived', ARGV[3], ':epoch', ARGV[4])
return tonumber(ARGV[2])
