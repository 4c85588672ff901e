#!lua
-- Removes records that another partition has from now on.
--
-- KEYS   1  a hash of records, by the value or the primary key
-- ARGV   the values, or the primary keys
-- Reply  how many were removed
-- @guarded

local removed = 0
for at = 1, #ARGV do
  removed = removed + redis.call('HDEL', KEYS[1], ARGV[at])
end
return removed
