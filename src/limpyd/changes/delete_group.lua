#!lua
-- Deletes a group.
--
-- KEYS   1  the stream
--        2  the hash of readers (see changes/take_changes.lua)
-- ARGV   1  the group
-- Reply  1 if there was one, else 0
-- @guarded
-- @requires mistyped_feed_key wrong_type

local wrong = mistyped_feed_key(KEYS[1], KEYS[2])
if wrong then
  return wrong_type(wrong)
end
redis.call('UNLINK', KEYS[2])
return redis.call('EXISTS', KEYS[1]) == 1 and redis.call('XGROUP', 'DESTROY', KEYS[1], ARGV[1]) or 0
