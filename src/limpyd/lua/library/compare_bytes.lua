-- Compares texts by their bytes. Lua's own comparison goes by the locale of the server.
-- @provides compare_bytes

-- Returns -1, 0 or 1 if the first text comes before, equals or comes after the second.
local function compare_bytes(first, second)
  for at = 1, first ~= second and math.min(#first, #second) or 0 do
    local byte, other = string.byte(first, at), string.byte(second, at)
    if byte ~= other then
      return byte < other and -1 or 1
    end
  end
  return #first == #second and 0 or #first < #second and -1 or 1
end
