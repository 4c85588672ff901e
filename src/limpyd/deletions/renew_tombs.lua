#!lua flags=allow-oom
-- Takes over the finishing of deletions, or goes on with one's own: the tombs get the token.
--
-- KEYS   1  the tombs
--        2  the clock
-- ARGV   1  the token of whoever finishes them now
--        2  the milliseconds after which a tomb with another token is taken over
--        3  the least time of the clock
--        4… the primary keys
-- Reply  the time, which has ticked; for each tomb that was taken over the primary key and the token of its decision;
--        the primary keys of tombs that are young
-- @guarded
-- @requires deletion_record record_parts

local time = math.max(tonumber(redis.call('GET', KEYS[2]) or '0'), tonumber(ARGV[3])) + 1
redis.call('SET', KEYS[2], string.format('%.0f', time))
local taken, young = {}, {}
for at = 4, #ARGV do
  local token, age, decision = record_parts(redis.call('HGET', KEYS[1], ARGV[at]))
  if token and (token == ARGV[1] or age > tonumber(ARGV[2])) then
    redis.call('HSET', KEYS[1], ARGV[at], deletion_record(ARGV[1], decision))
    taken[#taken + 1], taken[#taken + 2] = ARGV[at], decision
  elseif token then
    young[#young + 1] = ARGV[at]
  end
end
return { time, taken, young }
