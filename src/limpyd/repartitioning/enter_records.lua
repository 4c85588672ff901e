#!lua flags=allow-oom
-- Enters what another partition knows of objects that move, or that were deleted there.
--
-- KEYS   1  a hash of this partition, by primary key
-- ARGV   for each object its primary key and the record
-- Reply  how many there are
-- @guarded

for at = 1, #ARGV, 2 do
  redis.call('HSET', KEYS[1], ARGV[at], ARGV[at + 1])
end
return #ARGV / 2
