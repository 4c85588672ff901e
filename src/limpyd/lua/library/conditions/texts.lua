-- The texts with which conditions compare, as ARGV holds them.
-- @requires read_count
-- @provides read_texts

-- The texts from a position on: a count, and those. One that was read on the server may be several, or none.
-- Further whether more would follow, and whether any was read.
local function read_texts(at)
  local texts, was_read = {}, false
  local count, more = read_count(ARGV[at])
  for number = at + 1, at + count do
    local text = ARGV[number]
    if type(text) == 'table' then
      was_read = true
      for each = 1, #text do
        texts[#texts + 1] = text[each]
      end
    else
      texts[#texts + 1] = text
    end
  end
  return texts, at + count + 1, more, was_read
end
