#!lua flags=allow-oom
-- Records the new number of partitions, once all objects are in their places.
--
-- KEYS   1  the set of primary keys that the model has if it has one partition
--        2  the catalog of that partition
--        3  the counter of that partition
-- ARGV   1  the new number of partitions
--        2  a new random epoch
--        3  the former number; if it is 1, the catalog of that partition is the record
--        4  the record while they move
-- Reply  the record; it is still that of a move if there are objects in the one partition again

if redis.call('HGET', KEYS[2], ':partitions') == ARGV[4] and (ARGV[3] ~= '1' or redis.call('EXISTS', KEYS[1]) == 0) then
  if ARGV[3] == '1' then
    redis.call('UNLINK', KEYS[2], KEYS[3])
  end
  redis.call('HDEL', KEYS[2], ':from')
  redis.call('HSET', KEYS[2], ':partitions', ARGV[1], ':former', ARGV[3], ':epoch', ARGV[2])
end
return redis.call('HGET', KEYS[2], ':partitions') or ''
