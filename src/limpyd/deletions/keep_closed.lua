#!lua
-- Gives the objects that a deletion has closed the present time, so that nobody calls it off; not those opened since.
--
-- KEYS   1  the objects that are closed
-- ARGV   1  the token of the deletion
--        2… the primary keys
-- Reply  how many are still closed
-- @guarded
-- @requires deletion_record record_parts

local closed = 0
for at = 2, #ARGV do
  local token, _, with = record_parts(redis.call('HGET', KEYS[1], ARGV[at]))
  if token == ARGV[1] then
    redis.call('HSET', KEYS[1], ARGV[at], deletion_record(token, with))
    closed = closed + 1
  end
end
return closed
