#!lua
-- Forgets indexes that are cleared, and no longer declared.
--
-- KEYS   the catalog of the model (see indexes/maintenance/declare.lua)
-- ARGV   a text that was never an epoch; the names of the indexes
-- Reply  how many were known

local forgotten = redis.call('HDEL', KEYS[1], unpack(ARGV, 2))
if forgotten > 0 then
  redis.call('HSET', KEYS[1], ':epoch', ARGV[1])
end
return forgotten
