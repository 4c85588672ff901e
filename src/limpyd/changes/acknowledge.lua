#!lua
-- Acknowledges a change, if it still belongs to the worker.
--
-- KEYS   1  the stream
--        2  the hash of readers (see changes/take_changes.lua)
-- ARGV   1  the group
--        2  the worker
--        3  the id of the entry
--        4  the primary key of its object
-- Reply  1; or 0 if another worker has taken it over
-- @requires mistyped_feed_key wrong_type

local group, worker, id, pk = unpack(ARGV)
local wrong = mistyped_feed_key(KEYS[1], KEYS[2])
if wrong then
  return wrong_type(wrong)
end
local found = redis.pcall('XPENDING', KEYS[1], group, id, id, 1)
local pending = not found.err and found[1] -- it is an error if there is no such group
if not pending or pending[2] ~= worker then
  return 0
end
redis.call('XACK', KEYS[1], group, id)
if redis.call('HGET', KEYS[2], 'o' .. pk) == id then
  redis.call('HDEL', KEYS[2], 'o' .. pk)
end
local time = redis.call('TIME')
redis.call('HSET', KEYS[2], 'w' .. worker, string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000)))
return 1
