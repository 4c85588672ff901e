#!lua flags=no-writes
-- Finds the object that owns a unique value.
--
-- KEYS   the set of primary keys; the index, a hash from values to primary keys
-- ARGV   the value
-- Reply  the primary key; nothing if nobody owns it, or one that does not exist
-- @guarded

local pk = redis.call('HGET', KEYS[2], ARGV[1])
return pk and redis.call('SISMEMBER', KEYS[1], pk) == 1 and pk
