-- Reads a whole value into a table: from sub-key to value for a hash; from member to score for a sorted set; from
-- member to 1 for a set or list. A string (or `hyperloglog`) is under ''. The second result is the same as a list, as
-- the server replies with it.
-- @requires call current_key
-- @provides read_whole_value

local function read_whole_value(stored, key)
  current_key = key
  local found, all = {}, {}
  if stored == 'string' or stored == 'hyperloglog' then
    found[''] = call('GET', key) or nil
  elseif stored == 'hash' or stored == 'zset' then
    all = stored == 'hash' and call('HGETALL', key) or call('ZRANGE', key, 0, -1, 'WITHSCORES')
    for at = 1, #all, 2 do
      found[all[at]] = all[at + 1]
    end
  elseif stored == 'set' or stored == 'list' then
    all = stored == 'set' and call('SMEMBERS', key) or call('LRANGE', key, 0, -1)
    for at = 1, #all do
      found[all[at]] = 1
    end
  end
  return found, all
end
