#!lua
-- Enters claims of values that objects have, whatever was claimed before.
--
-- KEYS   1  the claims of an index: a hash from values to records
--        2  the clock of this partition
-- ARGV   for each value the value, the number of the partition that has it, and the nonce
-- Reply  the time of the clock, which has ticked
-- @guarded
-- @requires claim_record

local now = redis.call('TIME')
now = now[1] * 1000 + math.floor(now[2] / 1000)
for at = 1, #ARGV, 3 do
  redis.call('HSET', KEYS[1], ARGV[at], claim_record(ARGV[at + 1], ARGV[at + 2], now))
end
return redis.call('INCR', KEYS[2])
