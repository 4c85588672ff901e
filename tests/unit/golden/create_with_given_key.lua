-- EVALSHA 0c588684b80df038da9f3197c32d0589adb183ea, sent with
--   KEYS[1]  {golden:team}:pks
--   KEYS[2]  {golden:team}:meta
--   KEYS[3]  {golden:team}:nothing
--   ARGV[1]  the epoch of the catalog
--   ARGV[2]  the primary key
--   ARGV[3]  a 1 for each of title that gets a value, else 0
--   ARGV[4]  title
#!lua
-- Creates an object: primary key, membership, values and indexes.
--
-- The general script for this is scripts/create.lua, with lua/library/create.lua.
--
-- KEYS   1  the set of primary keys
--        2  the catalog of the model
--        3  a key that never exists
--        4  the last automatic primary key, if primary keys are automatic
-- ARGV   1  the epoch
--        2  the primary key, if it is given
--        3  one character for each field of one value and each composite index: 1 if it gets a value, else 0
--        4  the same for each field of many members, if the model has some
--        …  for each field of one value that gets a value: the value, then the text that each of its indexes keeps, if
--           that is not the value itself
--        …  for each composite index that gets a value: the text that it keeps
--        …  for each field of many members that gets some: a command, a count of arguments, those arguments, a count of
--           keys of its indexes, and those keys
-- Reply  the primary key; or 'taken', 'occupied', 'unique', 'absent', 'error', 'broken' (see lua/library/journal.lua)
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
local tag = string.sub(KEYS[1], 1, -4)
local pk, given = ARGV[2], ARGV[3]
local whole = given == '1'
local at, failed, outcome, reply = KEYS[1], false, false, false
local counted, moved_from, listed, hash, stored = false, false, false, false, false
local set1, owner0, added0, removed0
repeat
  -- In statements/lua/create.lua: adds the given primary key to the set of all, unless an object has it already.
  reply = call('SADD', at, pk)
  if reply == 0 then outcome = { 'taken' } break end
  if reply ~= 1 then failed = reply break end
  listed = true
  hash = tag .. 'hash:' .. pk
  at = hash
  reply = call('EXISTS', hash, tag .. 'field:title:' .. pk)
  if reply ~= 0 then
    failed = reply
    for _, key in ipairs(type(reply) == 'number' and { hash, tag .. 'field:title:' .. pk } or {}) do
      if call('EXISTS', key) == 1 then outcome = { 'occupied', key, call('TYPE', key).ok or 'none' } break end
    end
    break
  end
  at = hash
  if whole then
    reply = 0
  else
    local values, last = {}, 0
    reply = last > 0 and call('HSET', hash, unpack(values)) or 0
  end
  if type(reply) ~= 'number' then failed = reply break end
  stored = reply > 0
  if whole or string.byte(given, 1) == 49 then
    at = tag .. 'field:title:' .. pk
    reply = call('SET', at, ARGV[4])
    if reply.err then failed = reply break end
    set1 = true
    at = tag .. 'uniq:title'
    reply = call('HSETNX', at, ARGV[4], pk)
    if reply == 1 then
      added0 = true
    elseif reply == 0 then
      owner0 = call('HGET', at, ARGV[4])
      reply = owner0
      if owner0 ~= pk and type(owner0) == 'string' then
        at = KEYS[1]
        reply = call('SISMEMBER', at, owner0)
        if reply == 1 then outcome = { 'unique', 0, ARGV[4], owner0 } break end
        if reply == 0 then
          at = tag .. 'uniq:title'
          reply = call('HSET', at, ARGV[4], pk)
          added0 = reply == 0
        end
      end
    end
    if type(reply) == 'table' then failed = reply break end
  end
  return pk
until true

-- Takes back the changes, the last one first; notes the first command that fails.
local rollback_error = false
local function undo(command, at_key, ...)
  local undone = call(command, at_key, ...)
  if type(undone) == 'table' and undone.err then
    rollback_error = rollback_error or { 'broken', command .. ': ' .. undone.err, at_key, 'none' }
  end
end
if added0 and owner0 then undo('HSET', tag .. 'uniq:title', ARGV[4], owner0) elseif added0 then undo('HDEL', tag .. 'uniq:title', ARGV[4]) end
if set1 then undo('DEL', tag .. 'field:title:' .. pk) end
if stored then
  undo('DEL', hash)
end
if listed then
  undo('SREM', KEYS[1], pk)
end
if moved_from then
  undo('SET', KEYS[4], moved_from)
end
if type(counted) == 'number' then
  undo(counted == 1 and 'DEL' or 'DECR', KEYS[4])
end
return rollback_error or outcome or { 'error', failed.err, at, call('TYPE', at).ok or 'none' }

