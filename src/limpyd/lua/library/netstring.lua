-- A text after its length: no two lists of such are the same bytes.
-- @provides netstring

local function netstring(text)
  return #text .. ':' .. text
end
