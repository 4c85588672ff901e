#!lua flags=allow-oom
-- Notes in the catalog of a partition that it gives some of its objects to others, in slices, while the model is in use
-- (see limpyd.keys.moving); or that it gets them. It has given none yet.
--
-- KEYS   1  the catalog
--        2  the set of primary keys
--        3  the counter of automatic primary keys
--        4  the id of the history of its claims (see lua/library/history.lua)
-- ARGV   1  the old number of partitions
--        2  the new one
--        3  a new random epoch
--        4  how many slices there are; '' in a partition that gives objects, which decides
--        5  the least number that the counter is to have; '' if none
--        6  the most objects of a slice, about
--        7  the most slices, a power of two
--        8  '1' if there are claims: a partition that gets some has all that it ever had of them
-- Reply  1  the record of the partition
--        2  the milliseconds since it was announced
--        3  the counter; '' if there is none
-- @requires history_id

local now = redis.call('TIME')
now = now[1] * 1000 + math.floor(now[2] / 1000)
local recorded, announced = unpack(redis.call('HMGET', KEYS[1], ':partitions', ':announced'))
if not recorded or recorded == ARGV[1] then
  local slices = tonumber(ARGV[4])
  if not slices then
    slices = 1
    local most, objects = tonumber(ARGV[7]), redis.call('SCARD', KEYS[2])
    while slices < most and slices * ARGV[6] < objects do
      slices = 2 * slices
    end
  elseif ARGV[8] == '1' then
    redis.call('SET', KEYS[4], history_id())
  end
  recorded, announced = '-' .. ARGV[2] .. ' ' .. ARGV[1] .. ' 0 ' .. slices, string.format('%.0f', now)
  redis.call('HSET', KEYS[1], ':partitions', recorded, ':epoch', ARGV[3], ':announced', announced)
end
local last = redis.call('GET', KEYS[3]) or ''
if #ARGV[5] > #last or #ARGV[5] == #last and ARGV[5] > last then
  last = ARGV[5]
  redis.call('SET', KEYS[3], last)
end
return { recorded, now - (announced or now), last }
