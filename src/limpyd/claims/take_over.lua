#!lua
-- Takes over a claim whose partition does not have the value, and has barred it.
--
-- KEYS   1  the claims of the index: a hash from values to records
--        2  the clock of this partition
-- ARGV   1  the value
--        2  the number of the partition that claimed it
--        3  the nonce of that claim
--        4  the number of the partition that is to have it
--        5  a new random nonce of eight bytes
-- Reply  the time of the clock; nothing if the claim is another one by now
-- @requires claim_parts claim_record

local number, nonce = claim_parts(redis.call('HGET', KEYS[1], ARGV[1]))
if number ~= tonumber(ARGV[2]) or nonce ~= ARGV[3] then
  return false
end
local now = redis.call('TIME')
redis.call('HSET', KEYS[1], ARGV[1], claim_record(ARGV[4], ARGV[5], now[1] * 1000 + math.floor(now[2] / 1000)))
return tonumber(redis.call('GET', KEYS[2]) or '0')
