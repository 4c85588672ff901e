#!lua
-- Removes indexes from the catalog that are cleared and no longer declared.
--
-- KEYS   1  the catalog of the model (see indexes/maintenance/declare.lua)
-- ARGV   1  a new random epoch
--        2… the names of the indexes
-- Reply  the number of them that the catalog had

local forgotten = redis.call('HDEL', KEYS[1], unpack(ARGV, 2))
if forgotten > 0 then
  redis.call('HSET', KEYS[1], ':epoch', ARGV[1])
end
return forgotten
