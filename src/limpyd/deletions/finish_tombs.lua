#!lua flags=allow-oom
-- Removes the tombs of objects to which nobody refers any more.
--
-- KEYS   1  the tombs
-- ARGV   1  the token of whoever finishes them
--        2… the primary keys
-- Reply  the primary keys of tombs that somebody else has taken over
-- @guarded
-- @requires record_parts

local others = {}
for at = 2, #ARGV do
  local token = record_parts(redis.call('HGET', KEYS[1], ARGV[at]))
  if token == ARGV[1] then
    redis.call('HDEL', KEYS[1], ARGV[at])
  elseif token then
    others[#others + 1] = ARGV[at]
  end
end
return others
