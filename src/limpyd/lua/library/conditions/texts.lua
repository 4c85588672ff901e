-- The texts that conditions compare with, in ARGV.
-- @requires read_count
-- @provides read_texts

-- Reads texts from ARGV, from a position on. A text that was read on the server may be several, or none. Also returns
-- whether more follow that are not sent, and whether any was read on the server.
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
