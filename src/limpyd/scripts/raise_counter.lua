#!lua
-- Raises the last automatic primary key to one that an object is about to get, unless it is as high.
--
-- KEYS   the last automatic primary key
-- ARGV   the other one
-- Reply  1

-- As texts: beyond 2^53 different integers are one number in Lua.
local last, given = redis.call('GET', KEYS[1]) or '', ARGV[1]
if #last < #given or #last == #given and last < given then
  redis.call('SET', KEYS[1], given)
end
return 1
