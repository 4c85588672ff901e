#!lua
-- Claims a value for a partition, unless another claim is in the way.
--
-- KEYS   1  the claims of the index: a hash from values to records
--        2  the clock of this partition
-- ARGV   1  the value
--        2  the number of the partition that is to have it
--        3  a new random nonce of eight bytes
--        4  the nonce of the claim that was barred, and is to be made anew, or ''
--        5  the milliseconds after which a claim counts as old
-- Reply  'mine' and the time of the clock; or, if another claim is in the way, 'young' or 'old', its partition, its
--        nonce, and the time of the clock, which has ticked
-- @requires claim_parts claim_record

local time = tonumber(redis.call('GET', KEYS[2]) or '0')
local found = redis.call('HGET', KEYS[1], ARGV[1])
local number, nonce, since = claim_parts(found)
local now = redis.call('TIME')
now = now[1] * 1000 + math.floor(now[2] / 1000)

if not found or nonce == ARGV[3] or nonce == ARGV[4] then -- the first of the two if this is sent again
  redis.call('HSET', KEYS[1], ARGV[1], claim_record(ARGV[2], ARGV[3], now))
  return { 'mine', time }
end
time = time + 1
redis.call('SET', KEYS[2], string.format('%.0f', time))
return { now - since > tonumber(ARGV[5]) and 'old' or 'young', number, nonce, time }
