#!lua flags=no-writes
-- Finds the tombs of a deletion that nobody knows: a sweep may be executed twice, and the second reply does not say what
-- the first has deleted.
--
-- KEYS   1  the tombs
--        2  the clock
-- ARGV   1  the token of the tombs
--        2  the token of the deletion that closed what goes with the objects, or '' if it closed nothing
-- Reply  the time; the primary keys
-- @guarded
-- @requires record_parts

local left, tombs = {}, redis.call('HGETALL', KEYS[1])
for at = 1, #tombs, 2 do
  local token, _, decision = record_parts(tombs[at + 1])
  if token == ARGV[1] and decision == ARGV[2] then
    left[#left + 1] = tombs[at]
  end
end
return { tonumber(redis.call('GET', KEYS[2]) or '0'), left }
