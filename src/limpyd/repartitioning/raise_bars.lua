#!lua flags=allow-oom
-- Voids what another partition has promised of objects, and all sweeps that began there, before a time of its clock.
--
-- That may be done whether this partition is open, or closed because objects are on their way from it. If it gives
-- objects to others, its record says so: they may already have got its bars, so they are to be told too.
--
-- KEYS   1  the times before which promises of other partitions are void in this one
--        2  the catalog
-- ARGV   1  the hash tag of the other partition
--        2  the time
-- Reply  the record of this partition; '' if there is none

for _, by in ipairs({ ARGV[1], '\0' .. ARGV[1] }) do
  if tonumber(redis.call('HGET', KEYS[1], by) or '0') < tonumber(ARGV[2]) then
    redis.call('HSET', KEYS[1], by, ARGV[2])
  end
end
return redis.call('HGET', KEYS[2], ':partitions') or ''
