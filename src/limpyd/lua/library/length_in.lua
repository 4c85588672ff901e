-- The length of a text in bytes or in characters of UTF-8; each byte that belongs to no character counts as one, as
-- Python reads it.
-- @provides length_in

local SEQUENCES = {
  '[\240][\144-\191][\128-\191][\128-\191]',
  '[\241-\243][\128-\191][\128-\191][\128-\191]',
  '[\244][\128-\143][\128-\191][\128-\191]',
  '[\224][\160-\191][\128-\191]',
  '[\225-\236\238\239][\128-\191][\128-\191]',
  '[\237][\128-\159][\128-\191]',
  '[\194-\223][\128-\191]',
}

local function length_in(unit, text)
  if unit == 'characters' and string.find(text, '[\128-\255]') then
    for at = 1, #SEQUENCES do
      text = string.gsub(text, SEQUENCES[at], '.')
    end
  end
  return #text
end
