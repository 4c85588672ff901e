-- Records of claims: the number of the partition that may have a value in two bytes, a nonce of eight bytes, and the
-- time of the claim in milliseconds in six bytes.
-- @provides claim_parts claim_record

local function claim_record(number, nonce, since)
  return struct.pack('>I2', number) .. nonce .. struct.pack('>I6', since)
end

-- Returns the number of the partition, the nonce, and the time.
local function claim_parts(record)
  if not record then
    return nil
  end
  return struct.unpack('>I2', record), string.sub(record, 3, 10), struct.unpack('>I6', record, 11)
end
