-- EVALSHA bcb64a69f45969a066070441df4adc212ee3842e, sent with
--   KEYS[1]  {golden:parcel}:pks
--   KEYS[2]  {golden:parcel}:meta
--   KEYS[3]  {golden:parcel}:nothing
--   ARGV[1]  the epoch of the catalog
--   ARGV[2]  '{golden:parcel}:field:owned:'
--   ARGV[3]  '{golden:parcel}:uniq:owned'
--   ARGV[4]  the primary key
--   ARGV[5]  the member, …
#!lua flags=allow-oom
-- Adds members to a field of many members, or removes some, one after the other; its indexes follow. All or nothing.
--
-- The general script for this is scripts/write_members.lua, with lua/library/member_commands.lua.
--
-- KEYS   1  the set of primary keys
--        2  the catalog of the model
--        3  a key that never exists
-- ARGV   1  the epoch
--        2… names and keys
--        ARGV[4]  the primary key
--        5…  for each member: its arguments of the command (the score of a sorted set, the member), then the text
--           that each index keeps of it, if that is not the member itself
-- Reply  the reply of the command; or 'gone', 'unique', 'absent', 'constraint', 'error', 'broken' (see lua/library/journal.lua)
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
local pk, at, failed, outcome, count, earlier = ARGV[4], KEYS[1], false, false, 0, false
local key = ARGV[2] .. pk
local first, member, changes, before
local owner0, added0, removed0
local reply = call('SISMEMBER', at, pk)
if reply == 0 then
  return { 'gone' }
end
repeat
  if reply ~= 1 then failed = reply break end
  for place = 5, #ARGV, 1 do
    if member then
      earlier = earlier or {}
      earlier[#earlier + 1] = { first, member, changes, before, owner0, added0, removed0 }
    end
    first = place
    member, changes, before = ARGV[first + 0], false, false
    owner0, added0, removed0 = nil
    at = key
    reply = call('SREM', at, member)
    if type(reply) ~= 'number' then failed = reply break end
    changes, count = reply == 1, count + reply
    if changes then
      at = ARGV[3]
      reply = call('HGET', at, member)
      if reply == pk then
        reply = call('HDEL', at, member)
        removed0 = reply == 1
      end
      if type(reply) == 'table' then failed = reply break end
    end
  end
  if failed or outcome then break end
  return count
until true

-- Takes back the changes, the last one first; notes the first command that fails.
local rollback_error = false
local function undo(command, at_key, ...)
  local undone = call(command, at_key, ...)
  if type(undone) == 'table' and undone.err then
    rollback_error = rollback_error or { 'broken', command .. ': ' .. undone.err, at_key, 'none' }
  end
end
for number = earlier and #earlier or 0, 0, -1 do
  if removed0 then undo('HSET', ARGV[3], member, pk) end
  if changes then undo('SADD', key, member) end
  if number > 0 then first, member, changes, before, owner0, added0, removed0 = unpack(earlier[number], 1, 7) end
end
return rollback_error or outcome or { 'error', failed.err, at, call('TYPE', at).ok or 'none' }

