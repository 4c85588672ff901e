-- Raises the time before which promises of another partition are void in this one (see limpyd.deletions).
-- @requires call current_key
-- @provides raise_bar

local function raise_bar(by, time)
  current_key = string.match(KEYS[1], '^{[^}]*}[^:]*:') .. 'barred'
  if tonumber(time) > tonumber(call('HGET', current_key, by) or '0') then
    call('HSET', current_key, by, time)
  end
end
