#!lua
-- Has claims name the partition that has got the objects with the values from the one that they name.
--
-- KEYS   1  the claims of an index: a hash from values to records
-- ARGV   1  the number of the partition that they name
--        2  the number of the one that has the values
--        …  for each value the value and the nonce of the claim
-- Reply  how many were changed
-- @guarded
-- @requires claim_parts

local changed = 0
for at = 3, #ARGV, 2 do
  local record = redis.call('HGET', KEYS[1], ARGV[at])
  local number, nonce = claim_parts(record)
  if number == tonumber(ARGV[1]) and nonce == ARGV[at + 1] then
    redis.call('HSET', KEYS[1], ARGV[at], struct.pack('>I2', ARGV[2]) .. string.sub(record, 3))
    changed = changed + 1
  end
end
return changed
