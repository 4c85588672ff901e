-- A part of the beginning of scripts whose arguments may be moments (see lua/expiring.lua).
--
-- KEYS   before the last colon of the last key is a mark of the process. It begins arguments that are moments, or follows
--        the bracket of an interval; the number of milliseconds from now comes after it
local mark = string.match(KEYS[#KEYS], '(now%-%x+):nothing$')
for at = 1, mark and #ARGV or 0 do
  local first = #ARGV[at] < 64 and string.find(ARGV[at], mark, 1, true)
  if first then
    ARGV[at] = string.sub(ARGV[at], 1, first - 1) .. string.format('%.0f', now + string.sub(ARGV[at], first + #mark))
  end
end
