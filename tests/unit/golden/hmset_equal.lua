-- EVALSHA 1efebe1947da135dfd77ed80b24a6b062622373b, sent with
--   KEYS[1]  {golden:person}:pks
--   KEYS[2]  {golden:person}:meta
--   KEYS[3]  {golden:person}:nothing
--   ARGV[1]  the epoch of the catalog
--   ARGV[2]  '{golden:person}:hash:'
--   ARGV[3]  'name'
--   ARGV[4]  '{golden:person}:eq:name:'
--   ARGV[5]  'note'
--   ARGV[6]  the primary key
--   ARGV[7]  the value of name
--   ARGV[8]  the value of note
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
--        ARGV[6]  the primary key
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
local pk, at, failed, outcome, result = ARGV[6], KEYS[1], false, false, false
local value0 = ARGV[7]
local key = ARGV[2] .. pk
local value1 = ARGV[8]
local before0, added0, removed0
local reply = call('SISMEMBER', at, pk)
if reply == 0 then
  return { 'gone' }
end
repeat
  if reply ~= 1 then failed = reply break end
  at = key
  before0 = call('HGET', key, ARGV[3])
  if type(before0) == 'table' then failed = before0 break end
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
  at = key
  result = call('HSET', key, ARGV[3], value0, ARGV[5], value1)
  if type(result) == 'table' and result.err then failed = result break end
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
if added0 then undo('SREM', ARGV[4] .. value0, pk) end
if removed0 then undo('SADD', ARGV[4] .. before0, pk) end
return rollback_error or outcome or { 'error', failed.err, at, call('TYPE', at).ok or 'none' }

