#!lua flags=no-writes
-- Looks whether what SORT gave nothing for is in a key of another type.
--
-- KEYS   the set that was sorted
-- ARGV   where the columns begin; the command, with GET of the primary keys before them
-- Reply  nothing; or the error that names the key (see lua/library/wrong_type.lua)
-- @requires mistyped_in_sort wrong_type

local key = mistyped_in_sort(redis.call(unpack(ARGV, 2)), tonumber(ARGV[1]))
return key and wrong_type(key) or false
