#!lua flags=allow-oom
-- Removes keys of a partition, as long as its catalog has a record.
--
-- KEYS   1  the catalog
-- ARGV   1  the record
--        2… keys of the partition
-- Reply  the number of keys removed; -1 if there is another record

if redis.call('HGET', KEYS[1], ':partitions') ~= ARGV[1] then
  return -1
end
return redis.call('UNLINK', unpack(ARGV, 2))
