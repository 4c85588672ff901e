-- EVALSHA 55b27a4eb5defade942eb50475af106fc34cf59b, sent with
--   KEYS[1]  {golden:person}:pks
--   KEYS[2]  {golden:person}:meta
--   KEYS[3]  {golden:person}:nothing
--   ARGV[1]  the epoch of the catalog
--   ARGV[2]  '{golden:person}:field:tags:'
--   ARGV[3]  'SADD'
--   ARGV[4]  the primary key
--   ARGV[5]  what follows the key in SADD …
#!lua
-- Runs a write command on a value that no index keeps. The command alone is all or nothing, so it needs no journal.
--
-- KEYS   1  the set of primary keys
--        2  the catalog of the model
--        3  a key that never exists
-- ARGV   1  the epoch
--        2… the names in the key
--        ARGV[3]  the command
--        ARGV[4]  the primary key
--        5…  the arguments of the command after the key
-- Reply  the reply of the command, if it is no list; 'ok' and a list; or 'gone', 'unread', 'error' (see
--        lua/library/journal.lua)
-- Refuses to run if the model's epoch is not the one that the process knows (see indexes/maintenance/declare.lua).
local call = redis.pcall
local epoch = call('HGET', KEYS[2], ':epoch')
if epoch ~= ARGV[1] then
  local failed = type(epoch) == 'table' and epoch.err
  if failed and string.find(failed, 'WRONGTYPE', 1, true) then
    failed = 'WRONGTYPE the key ' .. KEYS[2] .. ' should be a hash; rename or delete it'
  end
  return redis.error_reply(failed or 'OUTDATED ' .. KEYS[2])
end
local pk, key = ARGV[4], KEYS[1]
local reply = call('SISMEMBER', key, pk)
if reply == 1 then
  key = ARGV[2] .. pk
  reply = call(ARGV[3], key, unpack(ARGV, 5))
elseif reply == 0 then
  return { 'gone' }
end
if type(reply) == 'number' and (reply >= 2 ^ 53 or reply <= -2 ^ 53) then -- Lua rounded it
  local text
  if ARGV[3] == 'HINCRBY' then
    text = call('HGET', key, ARGV[5])
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

