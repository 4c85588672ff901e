-- Expiry of values.
-- @requires call_if_supported
-- @provides expiries_of

-- When keys of a hash expire, in milliseconds since 1970; only those that do.
local function expiries_of(key, subs)
  local found = {}
  for first = 1, #subs, 1000 do
    local last = math.min(first + 999, #subs)
    local times = call_if_supported('HPEXPIRETIME', key, 'FIELDS', last - first + 1, unpack(subs, first, last)) or {}
    for at = 1, #times do
      if times[at] > 0 then
        found[subs[first + at - 1]] = times[at]
      end
    end
  end
  return found
end
