#!lua flags=allow-oom
-- Notes in a partition that gets objects up to where the feed of the partition that gives them has to be read before its
-- own: all entries about these objects that come here are later. Both are closed.
--
-- KEYS   1  the stream
--        2  the origin of the feed (see limpyd.changes.origins)
-- ARGV   1  the number of the other partition
--        2  the id of the last entry of its feed, '' if there is none
--        …  the names of the groups that read it: they read this one from its beginning
-- Reply  how many groups were made
-- @guarded

if ARGV[2] ~= '' then
  redis.call('HSET', KEYS[2], 'after', ARGV[1] .. ' ' .. ARGV[2])
end
local kind, added = redis.call('TYPE', KEYS[1]).ok, 0
if kind == 'stream' then
  local facts = redis.call('XINFO', 'STREAM', KEYS[1])
  for at = 1, #facts, 2 do
    added = facts[at] == 'entries-added' and facts[at + 1] or added
  end
end
if kind ~= 'none' and kind ~= 'stream' or added > 0 then
  return 0 -- groups that came after the first objects know of this partition
end
local made = 0
for at = 3, #ARGV do
  local reply = redis.pcall('XGROUP', 'CREATE', KEYS[1], ARGV[at], '0', 'MKSTREAM')
  if not reply.err then
    made = made + 1
  elseif string.sub(reply.err, 1, 9) ~= 'BUSYGROUP' then
    return reply
  end
end
return made
