#!lua
-- Checks that the last automatic primary key is not below the highest primary key of an object, and that it is one of
-- the numbers of its partition (see lua/library/mint.lua).
--
-- KEYS   1  the last automatic primary key
--        2  the set of primary keys
-- ARGV   1  the kinds of findings to repair (see lua/library/findings.lua)
--        2  the highest primary key
--        3  the first number of the partition
--        4  the step between its numbers
-- Reply  no finding, or one: 'counter', key, nothing, the last automatic primary key or nothing, and the highest; or
--        nothing if the last one is no number of the partition
-- @requires findings note repairs

local kind = redis.call('TYPE', KEYS[1]).ok
if kind ~= 'string' and kind ~= 'none' then
  return findings -- that is a finding of its own
end
local last, highest = redis.call('GET', KEYS[1]), tonumber(ARGV[2])
local counted = tonumber(last) or 0
-- Beyond 2^53 different integers are one number in Lua.
local behind = counted < highest or counted == highest and highest >= 2 ^ 53 and last < ARGV[2]
if redis.call('SISMEMBER', KEYS[2], ARGV[2]) == 1 and behind then
  if repairs.counter then
    redis.call('SET', KEYS[1], ARGV[2])
  end
  note('counter', KEYS[1], false, last, ARGV[2], repairs.counter)
  return findings
end
local beyond = last and (string.sub(last, -8) - ARGV[3]) % ARGV[4] or 0
if beyond ~= 0 then
  if repairs.counter then
    redis.call('DECRBY', KEYS[1], beyond)
  end
  note('counter', KEYS[1], false, last, false, repairs.counter)
end
return findings
