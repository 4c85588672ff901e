#!lua
-- Takes over claims whose partitions do not have the values, and have barred them.
--
-- KEYS   1  the clock of this partition, which ticks with each run
--        2  the id of the history of its claims (see lua/library/history.lua)
--        3… for each value the claims of its index: a hash from values to records
-- ARGV   for each value: the value; the number of the partition that claimed it; the nonce of that claim; the number of
--        the partition that is to have it; and a new random nonce of eight bytes
-- Reply  for each value the time of the clock; nothing if the claim is another one by now, or claims may be
--        lost
-- @guarded
-- @requires claim_parts claim_record is_continued

local continued, time = is_continued(KEYS[2]), redis.call('INCR', KEYS[1])
local now = redis.call('TIME')
now = now[1] * 1000 + math.floor(now[2] / 1000)
local times = {}
for number = 1, #KEYS - 2 do
  local claims = KEYS[number + 2]
  local value, partition, nonce, new_partition, new_nonce = unpack(ARGV, 5 * number - 4, 5 * number)
  local found_partition, found_nonce = claim_parts(redis.call('HGET', claims, value))
  times[number] = false
  if continued and found_partition == tonumber(partition) and found_nonce == nonce then
    redis.call('HSET', claims, value, claim_record(new_partition, new_nonce, now))
    times[number] = time
  end
end
return times
