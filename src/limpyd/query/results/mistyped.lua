#!lua flags=no-writes
-- Looks for a key of another type behind a value that SORT did not find.
--
-- KEYS   1  the set that was sorted
-- ARGV   1  the position of the columns in ARGV
--        2… the command, with GET of the primary keys before the columns
-- Reply  nothing; or the error that names the key (see lua/library/wrong_type.lua)
-- @requires mistyped_in_sort wrong_type

local key = mistyped_in_sort(redis.call(unpack(ARGV, 2)), tonumber(ARGV[1]))
return key and wrong_type(key) or false
