#!lua
-- Enters claims that come from another partition, which has kept them until now. Both are closed, and this one has none of
-- these values.
--
-- KEYS   1  the claims of an index: a hash from values to records
--        2  the clock of this partition
--        3  the id of the history of its claims (see lua/library/history.lua)
-- ARGV   1  the time of the clock of the other partition: what is void by the clock here is later than all claims there
--        2  '1' if the other partition has all that it ever had of claims; else this one may lack some, too
--        …  for each claim the value and the record
-- Reply  the time of the clock
-- @guarded

for at = 3, #ARGV, 2 do
  redis.call('HSET', KEYS[1], ARGV[at], ARGV[at + 1])
end
if ARGV[2] ~= '1' then
  redis.call('UNLINK', KEYS[3])
end
local time = tonumber(redis.call('GET', KEYS[2]) or '0')
if time < tonumber(ARGV[1]) then
  time = tonumber(ARGV[1])
  redis.call('SET', KEYS[2], ARGV[1])
end
return time
