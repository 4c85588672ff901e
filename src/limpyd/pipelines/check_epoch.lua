#!lua
-- Sees to it that EXEC does nothing under another epoch than the process knows: the hash with the epoch is watched, and
-- is changed here, and back.
--
-- KEYS   the hash of what is declared of a model
-- ARGV   the epoch, as lua/library/guard.lua takes it
-- Reply  1 if it is this one, else 0

local held, epoch = redis.call('HGET', KEYS[1], ':epoch'), ARGV[1]
local is_empty = not held and string.sub(epoch, 1, 1) == ':' and redis.call('SCARD', string.sub(epoch, 2)) == 0
if is_empty or (held or '') == epoch then
  return 1
end
redis.call('HSET', KEYS[1], ':changed', '')
redis.call('HDEL', KEYS[1], ':changed')
return 0
