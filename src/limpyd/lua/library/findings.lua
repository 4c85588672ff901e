-- The findings of a check. ARGV[1] names the kinds of findings to repair, separated by spaces.
-- @provides findings note repairs

local findings, repairs = {}, {}
for name in string.gmatch(ARGV[1], '%S+') do
  repairs[name] = true
end

-- Notes a finding: its kind, the key, the primary key or false, further facts; and whether it was repaired.
local function note(kind, key, pk, fact, other, repaired)
  findings[#findings + 1] = { kind, key, pk, fact or false, other or false, repaired and 1 or 0 }
end
