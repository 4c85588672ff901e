#!lua
-- Returns where the feed of changes of a partition ends, and the groups that read it, while the partition is closed.
--
-- KEYS   1  the stream
-- Reply  the id of the last entry, '' if there is none; and the names of the groups
-- @guarded

if redis.call('TYPE', KEYS[1]).ok ~= 'stream' then
  return { '' }
end
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
local reply = { last and last[1] or '' }
for _, facts in ipairs(redis.call('XINFO', 'GROUPS', KEYS[1])) do
  for at = 1, #facts, 2 do
    if facts[at] == 'name' then
      reply[#reply + 1] = facts[at + 1]
    end
  end
end
return reply
