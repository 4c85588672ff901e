#!lua flags=allow-oom
-- Compares the number of partitions of a model with its record, and records it if there is none.
--
-- The record is the sub-key `:partitions` of the catalog of the model's tag without a number. A model of one partition
-- has its catalog there, so it meets the record when it reads that; the record changes the epoch, so that a process
-- which has read it before reads it again.
--
-- KEYS   1  the set of primary keys that the model has if it has one partition
--        2  the catalog of that partition
-- ARGV   1  '1' if the number may be recorded
--        2  the number of partitions
--        3  a new random epoch
-- Reply  the number on record; 1 if there are objects in one partition; 0 if nothing is known of the model

local recorded = redis.call('HGET', KEYS[2], ':partitions')
if recorded then
  return tonumber(recorded)
end
if redis.call('EXISTS', KEYS[1]) == 1 then
  return 1
end
if ARGV[1] ~= '1' then
  return 0
end
redis.call('HSET', KEYS[2], ':partitions', ARGV[2], ':epoch', ARGV[3])
return tonumber(ARGV[2])
