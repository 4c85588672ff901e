#!lua
-- Voids claims of some partitions that are made before a time, and finds the values that this partition has by claims
-- which those partitions may have lost.
--
-- KEYS   1  for each partition of claims the time before which its claims are void here
--        2  the list of the claims by which values came last (see lua/library/with_claims.lua)
--        3  for each partition of claims the latest time of a claim that is not in that list any more
-- ARGV   for each partition of claims its number, the time, and the time of the clock that it has now; or '' for the
--        latter if it has lost nothing
-- Reply  the numbers of the partitions whose claims are not all in the list; then for each value the number, the name
--        of the index, the value and the nonce
-- @guarded
-- @requires recent_parts

local incomplete, since, reply = {}, {}, {}
for at = 1, #ARGV, 3 do
  local number, time, clock = ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2])
  if tonumber(time) > tonumber(redis.call('HGET', KEYS[1], number) or '0') then
    redis.call('HSET', KEYS[1], number, time)
  end
  since[tonumber(number)] = clock
  if clock and tonumber(redis.call('HGET', KEYS[3], number) or '0') > clock then
    incomplete[#incomplete + 1] = tonumber(number)
  end
end

local prefix = string.match(KEYS[1], '^{[^}]*}[^:]*:')
for _, recent in ipairs(next(since) and redis.call('LRANGE', KEYS[2], 0, -1) or {}) do
  local number, nonce, time, index, value = recent_parts(recent)
  if since[number] and time > since[number] and redis.call('HGET', prefix .. 'nonce:' .. index, value) == nonce then
    for _, each in ipairs({ number, index, value, nonce }) do
      reply[#reply + 1] = each
    end
  end
end
return { incomplete, reply }
