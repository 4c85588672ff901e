#!lua
-- Looks at whether a partition has the value that it claimed. If it does not, and the claim is old, all claims made
-- before a time of the claims' partition are void here from now on.
--
-- KEYS   1  the index of unique values: a hash from values to primary keys
--        2  the set of primary keys
--        3  for each partition of claims the time before which its claims are void here
-- ARGV   1  the value
--        2  the number of the partition that keeps the claim
--        3  the time of its clock
--        4  '1' if the claim is old
-- Reply  the primary key of the object that has the value; nothing if none has

local owner = redis.call('HGET', KEYS[1], ARGV[1])
if owner and redis.call('SISMEMBER', KEYS[2], owner) == 1 then
  return owner
end
if ARGV[4] == '1' and tonumber(ARGV[3]) > tonumber(redis.call('HGET', KEYS[3], ARGV[2]) or '0') then
  redis.call('HSET', KEYS[3], ARGV[2], ARGV[3])
end
return false
