#!lua flags=no-writes
-- Describes keys: their types, expiries, sizes and memory.
--
-- KEYS   the keys
-- ARGV   1  the number of members of a large value to sample for its memory
-- Reply  for each key: its type, or 'none'; its time to live in milliseconds, or -1; its number of members, or of
--        bytes; its memory in bytes

local count_with = { string = 'STRLEN', hash = 'HLEN', list = 'LLEN', set = 'SCARD', zset = 'ZCARD', stream = 'XLEN' }
local reply = {}
for at = 1, #KEYS do
  local key = KEYS[at]
  local kind = redis.call('TYPE', key).ok
  local count = count_with[kind] and redis.call(count_with[kind], key) or 0
  reply[at] = { kind, redis.call('PTTL', key), count, redis.call('MEMORY', 'USAGE', key, 'SAMPLES', ARGV[1]) or 0 }
end
return reply
