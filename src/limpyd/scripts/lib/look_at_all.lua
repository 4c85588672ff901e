-- All that there is of a value, as a table: of a hash from sub-key to value, of a sorted set from member
-- to score, of a set or list from member to 1. The one value of a string is under ''.

local function look_at_all(stored, key)
  subject_key = key
  local found = {}
  if stored == 'string' then
    found[''] = call('GET', key) or nil
  elseif stored == 'hash' or stored == 'zset' then
    local flat = stored == 'hash' and call('HGETALL', key) or call('ZRANGE', key, 0, -1, 'WITHSCORES')
    for at = 1, #flat, 2 do
      found[flat[at]] = flat[at + 1]
    end
  else
    local members = stored == 'set' and call('SMEMBERS', key) or call('LRANGE', key, 0, -1)
    for at = 1, #members do
      found[members[at]] = 1
    end
  end
  return found
end
