#!lua flags=allow-oom
-- Has the record of a model say that its objects move to a greater number of partitions, if it may.
--
-- The record is described in indexes/maintenance/record_partitions.lua. While objects move, it is the negative of the
-- new number, which no process declares; and after a space the old one, if the model is in use meanwhile (see
-- limpyd.keys.moving). `:from` is the old number.
--
-- KEYS   1  the set of primary keys that the model has if it has one partition
--        2  the catalog of that partition
-- ARGV   1  the new number of partitions
--        2  a new random epoch
--        3  '1' if the model may be in use, unless it has one partition
--        4  '1' if it has to be, so nothing begins if it has one partition
-- Reply  1  the record; '' if nothing is known of the model
--        2  the old number, while objects move; else 0

local recorded, from = unpack(redis.call('HMGET', KEYS[2], ':partitions', ':from'))
recorded = recorded or redis.call('EXISTS', KEYS[1]) == 1 and '1' or ''
local number = tonumber(recorded)
if number and number > (ARGV[4] == '1' and 1 or 0) and number < tonumber(ARGV[1]) then
  recorded, from = '-' .. ARGV[1], recorded
  if ARGV[3] == '1' and number > 1 then
    recorded = recorded .. ' ' .. from
  end
  redis.call('HSET', KEYS[2], ':partitions', recorded, ':from', from, ':epoch', ARGV[2])
end
return { recorded, tonumber(from or 0) }
