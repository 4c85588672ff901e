#!lua
-- Removes claims that another partition keeps from now on.
--
-- KEYS   1  the claims of an index: a hash from values to records
-- ARGV   the values
-- Reply  how many were removed
-- @guarded

local removed = 0
for at = 1, #ARGV do
  removed = removed + redis.call('HDEL', KEYS[1], ARGV[at])
end
return removed
