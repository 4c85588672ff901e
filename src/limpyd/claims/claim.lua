#!lua
-- Claims values for partitions, each unless another claim is in the way. No value may be there twice.
--
-- KEYS   1  the clock of this partition, which ticks with each run
--        2  the id of the history of its claims (see lua/library/history.lua)
--        3… for each value the claims of its index: a hash from values to records
-- ARGV   1  the milliseconds after which a claim counts as old
--        2  the time that the clock shows at least
--        3… for each value: the value; the number of the partition that is to have it; a new random nonce of eight
--           bytes; and the nonce of the claim that was barred, and is to be made anew, or ''
-- Reply  for each value 'mine' and the time of the claim; or, if another claim is in the way, 'young' or 'old', its
--        partition, its nonce, and the time of the clock. Nothing if claims may be lost
-- @guarded
-- @requires claim_parts claim_record is_continued

if not is_continued(KEYS[2]) then
  return false
end
local time = redis.call('INCR', KEYS[1])
if time < tonumber(ARGV[2]) then
  time = tonumber(ARGV[2])
  redis.call('SET', KEYS[1], ARGV[2])
end
local now = redis.call('TIME')
now = now[1] * 1000 + math.floor(now[2] / 1000)
local answers = {}
for number = 1, #KEYS - 2 do
  local claims = KEYS[number + 2]
  local value, partition, nonce, barred = unpack(ARGV, 4 * number - 1, 4 * number + 2)
  local found = redis.call('HGET', claims, value)
  local found_partition, found_nonce, since = claim_parts(found)
  if not found or found_nonce == nonce or found_nonce == barred then -- the first of the two if this is sent again
    redis.call('HSET', claims, value, claim_record(partition, nonce, now))
    answers[number] = { 'mine', time }
  else
    answers[number] = { now - since > tonumber(ARGV[1]) and 'old' or 'young', found_partition, found_nonce, time }
  end
end
return answers
