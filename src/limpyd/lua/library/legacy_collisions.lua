-- In the layout of limpyd 2 keys of one index may look like those of another one of the field: these distinguish them.
-- @provides from_hex is_distinct_key

local function from_hex(digits)
  return (string.gsub(digits, '..', function(two)
    return string.char(tonumber(two, 16))
  end))
end

-- Returns whether a value does not make the key of another index, or its beginning, which is given in hexadecimal digits.
local function is_distinct_key(value, code)
  local other = from_hex(code)
  if string.byte(other, -1) == 58 then
    return string.sub(value, 1, #other) ~= other
  end
  return value ~= other
end
