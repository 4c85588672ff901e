"""The same work as the models, written by hand: redis-py with hiredis, and one Lua script per write."""

from __future__ import annotations

CREATE = """
local email = ARGV[3]
if redis.call('HEXISTS', '{hand}:uniq:email', email) == 1 then return redis.error_reply('TAKEN') end
local pk = redis.call('INCR', '{hand}:seq')
redis.call('SADD', '{hand}:pks', pk)
local key = '{hand}:hash:' .. pk
redis.call('HSET', key, 'name', ARGV[1], 'age', ARGV[2], 'email', email, 'city', ARGV[4], 'team', ARGV[5])
redis.call('HSET', '{hand}:uniq:email', email, pk)
redis.call('SADD', '{hand}:eq:city:' .. ARGV[4], pk)
redis.call('SADD', '{hand}:eq:team:' .. ARGV[5], pk)
return pk
"""

UPDATE = """
local pk, city = ARGV[1], ARGV[2]
if redis.call('SISMEMBER', '{hand}:pks', pk) == 0 then return redis.error_reply('GONE') end
local key = '{hand}:hash:' .. pk
local old = redis.call('HGET', key, 'city')
if old ~= city then
  if old then redis.call('SREM', '{hand}:eq:city:' .. old, pk) end
  redis.call('HSET', key, 'city', city)
  redis.call('SADD', '{hand}:eq:city:' .. city, pk)
end
return 1
"""

DELETE = """
local pk = ARGV[1]
if redis.call('SREM', '{hand}:pks', pk) == 0 then return redis.error_reply('GONE') end
local key = '{hand}:hash:' .. pk
local old = redis.call('HMGET', key, 'email', 'city', 'team')
if old[1] then redis.call('HDEL', '{hand}:uniq:email', old[1]) end
if old[2] then redis.call('SREM', '{hand}:eq:city:' .. old[2], pk) end
if old[3] then redis.call('SREM', '{hand}:eq:team:' .. old[3], pk) end
redis.call('DEL', key)
return 1
"""
