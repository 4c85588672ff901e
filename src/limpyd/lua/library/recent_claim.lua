-- What a partition keeps of each of its last claims, to give it back if the partition of the claims loses it: the number
-- of that partition in two bytes, the nonce in eight, the time of the claim in six; then the name of the index, a NUL and
-- the value.
-- @provides recent_claim recent_parts

local function recent_claim(number, nonce, time, index, value)
  return struct.pack('>I2', number) .. nonce .. struct.pack('>I6', time) .. index .. '\0' .. value
end

-- Returns the number of the partition, the nonce, the time, the name of the index, and the value.
local function recent_parts(recent)
  local index, value = string.match(recent, '^(%Z*)%z(.*)$', 17)
  return struct.unpack('>I2', recent), string.sub(recent, 3, 10), struct.unpack('>I6', recent, 11), index, value
end
