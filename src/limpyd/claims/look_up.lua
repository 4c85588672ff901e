#!lua flags=no-writes
-- Looks up which partitions have claimed values.
--
-- KEYS   1  the id of the history of the claims of this partition (see lua/library/history.lua)
--        2… for each value the claims of its index: a hash from values to records
-- ARGV   the values
-- Reply  for each value the number of the partition that has claimed it; nothing if none has. Nothing at all if claims
--        may be lost
-- @guarded
-- @requires claim_parts is_continued

if not is_continued(KEYS[1]) then
  return false
end
local numbers = {}
for at = 1, #ARGV do
  numbers[at] = claim_parts(redis.call('HGET', KEYS[at + 1], ARGV[at])) or false
end
return numbers
