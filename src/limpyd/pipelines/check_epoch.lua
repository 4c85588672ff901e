#!lua
-- Makes EXEC fail if the epoch changes before it: the hash with the epoch is watched. If the epoch is another one
-- already, this changes the hash and changes it back, which EXEC notices.
--
-- KEYS   1  the catalog of the model
-- ARGV   1  the epoch, as lua/library/guard.lua takes it
-- Reply  1 if it is this one, else 0

local held, epoch = redis.call('HGET', KEYS[1], ':epoch'), ARGV[1]
local is_empty = not held and string.sub(epoch, 1, 1) == ':' and redis.call('SCARD', string.sub(epoch, 2)) == 0
if is_empty or (held or '') == epoch then
  return 1
end
redis.call('HSET', KEYS[1], ':changed', '')
redis.call('HDEL', KEYS[1], ':changed')
return 0
