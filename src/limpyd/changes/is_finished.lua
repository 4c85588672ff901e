#!lua flags=no-writes
-- Tells whether a group has acknowledged all entries of a feed up to one.
--
-- KEYS   1  the stream
-- ARGV   1  the group
--        2  the id of that entry
-- Reply  1 if so, else 0; also if there is no such group
-- @requires wrong_type

local stream, group, last = KEYS[1], ARGV[1], ARGV[2]
local kind = redis.call('TYPE', stream).ok
if kind == 'none' then
  return 1
elseif kind ~= 'stream' then
  return wrong_type(stream)
end
for _, list in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
  local facts = {}
  for at = 1, #list, 2 do
    facts[list[at]] = list[at + 1]
  end
  if facts.name == group then
    -- Others may have removed entries, so those that are there are what counts.
    local left = redis.call('XRANGE', stream, '(' .. facts['last-delivered-id'], last, 'COUNT', 1)
    return #left == 0 and #redis.call('XPENDING', stream, group, '-', last, 1) == 0 and 1 or 0
  end
end
return 0
