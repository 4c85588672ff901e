#!lua flags=allow-oom
-- Opens objects that a deletion has closed.
--
-- KEYS   1  the objects that are closed
-- ARGV   1  the token of the deletion
--        2… the primary keys
-- Reply  how many were opened
-- @guarded
-- @requires record_parts

local opened = 0
for at = 2, #ARGV do
  if record_parts(redis.call('HGET', KEYS[1], ARGV[at])) == ARGV[1] then
    opened = opened + redis.call('HDEL', KEYS[1], ARGV[at])
  end
end
return opened
