#!lua flags=no-writes
-- Reads the first changes of a feed for a reader who has been told that there were none.
--
-- KEYS   1  the stream
-- ARGV   1  the most changes
-- Reply  1 if some were trimmed before it read them, else 0; the entries
-- @guarded
-- @requires wrong_type

local stream = KEYS[1]
local kind = redis.call('TYPE', stream).ok
if kind == 'none' then
  return { 0, {} }
elseif kind ~= 'stream' then
  return wrong_type(stream)
end
local facts, list = {}, redis.call('XINFO', 'STREAM', stream)
for at = 1, #list, 2 do
  facts[list[at]] = list[at + 1]
end
local is_trimmed = facts['entries-added'] > facts.length
return { is_trimmed and 1 or 0, is_trimmed and {} or redis.call('XRANGE', stream, '-', '+', 'COUNT', ARGV[1]) }
