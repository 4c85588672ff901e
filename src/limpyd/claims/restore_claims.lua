#!lua
-- Enters claims of values that partitions have, where claims may have been lost.
--
-- KEYS   1  the clock of this partition
--        2  the id of the history of its claims (see lua/library/history.lua)
--        3… for each claim the claims of its index: a hash from values to records
-- ARGV   1  the id that the server's history had when the claims were looked for
--        2  the time that the clock shows from now on; '' if more claims follow
--        3… for each claim the value, the number of the partition that has it, and the nonce
-- Reply  1; 0 if the history is another one by now, or the claims were restored meanwhile
-- @guarded
-- @requires claim_record history_id is_continued

if history_id() ~= ARGV[1] or is_continued(KEYS[2]) then
  return 0
end
local now = redis.call('TIME')
now = now[1] * 1000 + math.floor(now[2] / 1000)
for at = 3, #KEYS do
  local value, number, nonce = unpack(ARGV, 3 * at - 6, 3 * at - 4)
  redis.call('HSET', KEYS[at], value, claim_record(number, nonce, now))
end
if ARGV[2] ~= '' then
  if tonumber(ARGV[2]) > tonumber(redis.call('GET', KEYS[1]) or '0') then
    redis.call('SET', KEYS[1], ARGV[2])
  end
  redis.call('SET', KEYS[2], ARGV[1])
end
return 1
