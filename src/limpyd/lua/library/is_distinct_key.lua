-- Tells keys of several indexes of a field apart that look alike in the layout of limpyd 2.
-- @provides from_hex is_distinct_key

local function from_hex(digits)
  return (string.gsub(digits, '..', function(two)
    return string.char(tonumber(two, 16))
  end))
end

-- Returns whether a value makes a key of this index. It does not if it makes the key, or the beginning of keys, of
-- another index, which is given in hexadecimal digits.
local function is_distinct_key(value, code)
  local other = from_hex(code)
  if string.byte(other, -1) == 58 then
    return string.sub(value, 1, #other) ~= other
  end
  return value ~= other
end
