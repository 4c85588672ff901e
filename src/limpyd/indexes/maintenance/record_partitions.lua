#!lua flags=allow-oom
-- Reads the record of where the objects of a model are, and makes it if there is none.
--
-- The record is the sub-key `:partitions` of the catalog of the model's tag without a number. A model of one partition
-- has its catalog there, so it meets the record when it reads that; the record changes the epoch, so that a process
-- which has read it before reads it again. The record is the number of partitions; and after a space the tag of the
-- model whose hash tags they have, if that is another one (`colocate_with`).
--
-- KEYS   1  the set of primary keys that the model has if it has one partition
--        2  the catalog of that partition
-- ARGV   1  '1' if the record may be made
--        2  the record as this process declares it
--        3  a new random epoch
-- Reply  1  the record; '1' if there are objects in one partition; '' if nothing is known of the model
--        2  the former number of partitions; '' if the objects were never moved

local recorded, former = unpack(redis.call('HMGET', KEYS[2], ':partitions', ':former'))
if recorded then
  return { recorded, former or '' }
end
if redis.call('EXISTS', KEYS[1]) == 1 then
  return { '1', '' }
end
if ARGV[1] ~= '1' then
  return { '', '' }
end
redis.call('HSET', KEYS[2], ':partitions', ARGV[2], ':epoch', ARGV[3])
return { ARGV[2], '' }
