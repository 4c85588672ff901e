-- EVALSHA 0ca8d0b0a332113296515ea6482be106a4474b98, sent with
--   KEYS[1]  {golden:team}:pks
--   KEYS[2]  {golden:team}:meta
--   KEYS[3]  {golden:team}:nothing
--   ARGV[1]  the epoch of the catalog
--   ARGV[2]  '{golden:team}:field:title:'
--   ARGV[3]  '{golden:team}:uniq:title'
--   ARGV[4]  'APPEND'
--   ARGV[5]  the primary key
--   ARGV[6]  what follows the key in APPEND …
#!lua
-- Runs a command on a field of one value, such as HINCRBY or APPEND. Then it reads the new value, and updates the
-- indexes of the field. All or nothing.
--
-- The general script for this is scripts/write.lua, with lua/library/scalar_commands.lua.
--
-- KEYS   1  the set of primary keys
--        2  the catalog of the model
--        3  a key that never exists
-- ARGV   1  the epoch
--        2… names and keys
--        ARGV[4]  the command
--        ARGV[5]  the primary key
--        6…  the arguments of the command after the key
-- Reply  the reply of the command, if it is no list; 'ok' and a list; or 'gone', 'unique', 'absent', 'unindexable',
--        'transform', 'constraint', 'error', 'broken' (see lua/library/journal.lua)
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
local pk, at, failed, outcome, before, after, stored = ARGV[5], KEYS[1], false, false, false, false, false
local key = ARGV[2] .. pk
local owner0, added0, removed0
local reply = call('SISMEMBER', at, pk)
if reply == 0 then
  return { 'gone' }
end
repeat
  if reply ~= 1 then failed = reply break end
  at = key
  before = call('GET', key)
  if type(before) == 'table' then failed = before break end
  local result = call(ARGV[4], key, unpack(ARGV, 6))
  if type(result) == 'table' and result.err then failed = result break end
  stored = true
  after = call('GET', key)
  if type(after) == 'table' then failed = after break end
  if before ~= after then
    if after then
      at = ARGV[3]
      owner0 = call('HGET', at, after)
      if type(owner0) == 'table' then failed = owner0 break end
      if owner0 and owner0 ~= pk then
        reply = call('SISMEMBER', KEYS[1], owner0)
        if reply == 1 then outcome = { 'unique', 0, after, owner0 } break end
        if reply ~= 0 then at, failed = KEYS[1], reply break end
      end
    end
    if before then
      at = ARGV[3]
      reply = call('HGET', at, before)
      if reply == pk then
        reply = call('HDEL', at, before)
        removed0 = reply == 1
      end
      if type(reply) == 'table' then failed = reply break end
    end
    if after then
      at = ARGV[3]
      reply = call(owner0 and 'HSET' or 'HSETNX', at, after, pk)
      if type(reply) ~= 'number' then failed = reply break end
      added0 = true
    end
  end
  if type(result) == 'number' and (result >= 2 ^ 53 or result <= -2 ^ 53) then
    return after -- which Lua did not round
  end
  return type(result) == 'table' and not result.ok and { 'ok', result } or result
until true

-- Takes back the changes, the last one first; notes the first command that fails.
local rollback_error = false
local function undo(command, at_key, ...)
  local undone = call(command, at_key, ...)
  if type(undone) == 'table' and undone.err then
    rollback_error = rollback_error or { 'broken', command .. ': ' .. undone.err, at_key, 'none' }
  end
end
if added0 and owner0 then undo('HSET', ARGV[3], after, owner0) elseif added0 then undo('HDEL', ARGV[3], after) end
if removed0 then undo('HSET', ARGV[3], before, pk) end
if stored and before ~= after then
  if before then undo('SET', key, before) else undo('DEL', key) end

end
return rollback_error or outcome or { 'error', failed.err, at, call('TYPE', at).ok or 'none' }

