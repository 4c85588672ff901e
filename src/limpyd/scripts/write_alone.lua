#!lua
-- Runs one write command on a value that no index keeps: by itself it is a whole step.
--
-- KEYS   the set of primary keys
-- ARGV   the primary key; the prefix of the key; the command, and its arguments after the key
-- Reply  that of the command, as it is if it is no list; 'ok' and a list; or 'gone', 'unread', 'error' (see lib/atomic)
-- @guarded

local key, call = KEYS[1], redis.pcall
local reply = call('SISMEMBER', key, ARGV[1])
if reply == 0 then
  return { 'gone' }
elseif reply == 1 then
  local at = string.find(ARGV[2], '\0', 1, true) -- see lib/placed
  key = at and string.sub(ARGV[2], 1, at - 1) .. ARGV[1] .. string.sub(ARGV[2], at + 1) or ARGV[2] .. ARGV[1]
  reply = call(ARGV[3], key, unpack(ARGV, 4))
end
if type(reply) == 'number' and (reply >= 2 ^ 53 or reply <= -2 ^ 53) then -- Lua rounded it (see lib/exact)
  local text
  if ARGV[3] == 'HINCRBY' then
    text = call('HGET', key, ARGV[4])
  else
    text = call('GET', key)
  end
  return type(text) == 'table' and { 'unread', text.err, key, 'none' } or text
elseif type(reply) ~= 'table' or reply.ok then
  return reply
elseif reply.err then
  return { 'error', reply.err, key, call('TYPE', key).ok or 'none' }
end
return { 'ok', reply }
