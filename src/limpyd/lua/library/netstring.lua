-- A text after its length and a colon. So two different lists of texts are never the same bytes.
-- @provides netstring

local function netstring(text)
  return #text .. ':' .. text
end
