#!lua flags=no-writes
-- Tells of some keys what they hold and what that costs.
--
-- KEYS   the keys
-- ARGV   how many members of a large value are looked at to estimate its memory
-- Reply  of each key its type, or 'none'; in how many milliseconds it expires, or -1; how many members or bytes it has;
--        and how many bytes of memory it takes

local count_with = { string = 'STRLEN', hash = 'HLEN', list = 'LLEN', set = 'SCARD', zset = 'ZCARD', stream = 'XLEN' }
local reply = {}
for at = 1, #KEYS do
  local key = KEYS[at]
  local kind = redis.call('TYPE', key).ok
  local count = count_with[kind] and redis.call(count_with[kind], key) or 0
  reply[at] = { kind, redis.call('PTTL', key), count, redis.call('MEMORY', 'USAGE', key, 'SAMPLES', ARGV[1]) or 0 }
end
return reply
