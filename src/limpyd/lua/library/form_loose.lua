-- The form of a number as limpyd 2 keeps it: rounded, and 0 for a text that is no number.
-- @requires as_score number_parts
-- @provides form_loose

local function form_loose(value)
  local first, last = string.find(value, '[^ \t\n\r\f\v]') or #value + 1, #value
  while last >= first and string.find(value, '^[ \t\n\r\f\v]', last) do
    last = last - 1
  end
  local text = string.lower(string.sub(value, first, last))
  text = string.gsub(text, '(%d)_%f[%d]', '%1')
  local infinite = string.match(text, '^([+-]?)inf$') or string.match(text, '^([+-]?)infinity$')
  if infinite then
    return infinite == '-' and '-inf' or 'inf'
  end
  return number_parts(text) and as_score(tonumber(text)) or '0'
end
