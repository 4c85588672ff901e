-- EVALSHA 39667954709e3b261f88663073d7f6de896d0556, sent with
--   KEYS[1]  {golden:person}:pks
--   KEYS[2]  {golden:person}:meta
--   KEYS[3]  {golden:person}:nothing
--   ARGV[1]  the epoch of the catalog
--   ARGV[2]  '{golden:person}:hash:'
--   ARGV[3]  'name'
--   ARGV[4]  '{golden:person}:eq:name:'
--   ARGV[5]  'email'
--   ARGV[6]  '{golden:person}:uniq:email'
--   ARGV[7]  'note'
--   ARGV[8]  the primary key
--   ARGV[9]  the value of name
--   ARGV[10]  the value of email
--   ARGV[11]  the value of note
#!lua
-- Gives fields of one value new values, which their indexes follow. All or nothing.
--
-- The general scripts for this are scripts/write.lua (lua/library/scalar_commands.lua) and scripts/update.lua
-- (lua/library/assign.lua).
--
-- KEYS   1  the set of primary keys
--        2  the catalog of the model
--        3  a key that never exists
-- ARGV   1  the epoch
--        2… names and keys
--        ARGV[8]  the primary key
--        …  for each field that gets a value: the value, then the text that each of its indexes keeps, if that is not
--           the value itself
--        …  last, if the model counts versions: the version that the object must have, or ''
-- Reply  the reply of the last command, or the new version; or 'gone', 'stale', 'unique', 'absent', 'transform',
--        'error', 'broken' (see lua/library/journal.lua)
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
local pk, at, failed, outcome, result = ARGV[8], KEYS[1], false, false, false
local value0 = ARGV[9]
local key = ARGV[2] .. pk
local value1 = ARGV[10]
local value2 = ARGV[11]
local before0, before1, before2, done0, expires0, added0, removed0, owner1, added1, removed1
local reply = call('SISMEMBER', at, pk)
if reply == 0 then
  return { 'gone' }
end
repeat
  if reply ~= 1 then failed = reply break end
  at = key
  reply = call('HMGET', key, ARGV[3], ARGV[5], ARGV[7])
  if reply.err then failed = reply break end
  before0, before1, before2 = reply[1], reply[2], reply[3]
  if before1 ~= value1 then
    at = ARGV[6]
    owner1 = call('HGET', at, value1)
    if type(owner1) == 'table' then failed = owner1 break end
    if owner1 and owner1 ~= pk then
      reply = call('SISMEMBER', KEYS[1], owner1)
      if reply == 1 then outcome = { 'unique', 1, value1, owner1 } break end
      if reply ~= 0 then at, failed = KEYS[1], reply break end
    end
  end
  expires0 = call('HPEXPIRETIME', key, 'FIELDS', 1, ARGV[7])
  at = key
  result = call('HSET', key, ARGV[3], value0, ARGV[5], value1, ARGV[7], value2)
  if type(result) == 'table' and result.err then failed = result break end
  done0 = true
  if before0 ~= value0 then
    if before0 then
      at = ARGV[4] .. before0
      reply = call('SREM', at, pk)
      if type(reply) ~= 'number' then failed = reply break end
      removed0 = reply == 1
    end
    at = ARGV[4] .. value0
    reply = call('SADD', at, pk)
    if type(reply) ~= 'number' then failed = reply break end
    added0 = reply == 1
  end
  if before1 ~= value1 then
    if before1 then
      at = ARGV[6]
      reply = call('HGET', at, before1)
      if reply == pk then
        reply = call('HDEL', at, before1)
        removed1 = reply == 1
      end
      if type(reply) == 'table' then failed = reply break end
    end
    at = ARGV[6]
    reply = call(owner1 and 'HSET' or 'HSETNX', at, value1, pk)
    if type(reply) ~= 'number' then failed = reply break end
    added1 = true
  end
  return result
until true

-- Takes back the changes, the last one first; notes the first command that fails.
local rollback_error = false
local function undo(command, at_key, ...)
  local undone = call(command, at_key, ...)
  if type(undone) == 'table' and undone.err then
    rollback_error = rollback_error or { 'broken', command .. ': ' .. undone.err, at_key, 'none' }
  end
end
if added1 and owner1 then undo('HSET', ARGV[6], value1, owner1) elseif added1 then undo('HDEL', ARGV[6], value1) end
if removed1 then undo('HSET', ARGV[6], before1, pk) end
if added0 then undo('SREM', ARGV[4] .. value0, pk) end
if removed0 then undo('SADD', ARGV[4] .. before0, pk) end
if done0 then
  if before0 then undo('HSET', key, ARGV[3], before0) else undo('HDEL', key, ARGV[3]) end
  if before1 then undo('HSET', key, ARGV[5], before1) else undo('HDEL', key, ARGV[5]) end
  if before2 then undo('HSET', key, ARGV[7], before2) else undo('HDEL', key, ARGV[7]) end
  if type(expires0) == 'table' and (expires0[1] or 0) > 0 then undo('HPEXPIREAT', key, expires0[1], 'FIELDS', 1, ARGV[7]) end
end
return rollback_error or outcome or { 'error', failed.err, at, call('TYPE', at).ok or 'none' }

