-- Texts that follow each other, each after its length and a colon.
-- @provides split_netstrings

local function split_netstrings(text)
  local parts, at = {}, 1
  while at <= #text do
    local _, colon, length = string.find(text, '^(%d+):', at)
    parts[#parts + 1] = string.sub(text, colon + 1, colon + length)
    at = colon + length + 1
  end
  return parts
end
