-- Runs a write command on a value that no index keeps. The command alone is all or nothing, so it needs no journal.
--
-- KEYS   1  the set of primary keys
--        2  the catalog of the model
--        3  a key that never exists
-- ARGV   1  the epoch
--        2… the names in the key
--        $command  the command
--        $pk  the primary key
--        $first…  the arguments of the command after the key
-- Reply  the reply of the command, if it is no list; 'ok' and a list; or 'gone', 'unread', 'error' (see
--        lua/library/journal.lua)
-- $guard
local pk, key = $pk, KEYS[1]
local reply = call('SISMEMBER', key, pk)
if reply == 1 then
  key = $key
  reply = call($command, key, unpack(ARGV, $first))
elseif reply == 0 then
  return { 'gone' }
end
if type(reply) == 'number' and (reply >= 2 ^ 53 or reply <= -2 ^ 53) then -- Lua rounded it
  local text
  if $command == 'HINCRBY' then
    text = call('HGET', key, ARGV[$first])
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
