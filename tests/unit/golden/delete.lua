-- EVALSHA ca6a2159ad21415fe07a2beef42464aec2c3255f, sent with
--   KEYS[1]  {golden:person}:pks
--   KEYS[2]  {golden:person}:meta
--   KEYS[3]  {golden:person}:nothing
--   ARGV[1]  the epoch of the catalog
--   ARGV[2]  the primary key
#!lua flags=allow-oom
-- Deletes an object whose indexed fields are of one value each: membership, index entries, then all its keys.
--
-- The general script for this is scripts/delete.lua, with lua/library/unindex_object.lua.
--
-- KEYS   1  the set of primary keys
--        2  the catalog of the model
--        3  a key that never exists
-- ARGV   1  the epoch
--        2  the primary key
-- Reply  1; or 'gone', 'transform', 'error', 'broken' (see lua/library/journal.lua); or 'undecided', with nothing
--        changed, if the catalog has references to the model, or keys of its objects, that the process does not declare
-- Refuses to run if the model's epoch is not the one that the process knows (see indexes/maintenance/declare.lua).
local call = redis.pcall
local records = call('HMGET', KEYS[2], ':epoch', ':keys', ':references')
local epoch = records.err and records or records[1]
if epoch ~= ARGV[1] then
  local failed = type(epoch) == 'table' and epoch.err
  if failed and string.find(failed, 'WRONGTYPE', 1, true) then
    failed = 'WRONGTYPE the key ' .. KEYS[2] .. ' should be a hash; rename or delete it'
  end
  return redis.error_reply(failed or 'OUTDATED ' .. KEYS[2])
end
if not records[2] or records[3] or string.byte(records[2]) ~= 147 then
  return { 'undecided' }
end
local tag = string.sub(KEYS[1], 1, -4)
local pk, at, failed, outcome, listed = ARGV[2], KEYS[1], false, false, false
local hash = tag .. 'hash:' .. pk
local value0, value1, value2, value3, value4, value5, value6, added0, removed0, owner1, added1, removed1, score2, changed2, is_new2, added3, removed3, member4, added4, removed4, score5, changed5, is_new5, member6, added6, removed6, added7, removed7
local reply = call('SREM', at, pk)
if reply == 0 then
  return { 'gone' }
end
repeat
  if reply ~= 1 then failed = reply break end
  listed = true
  at = hash
  local held = call('HMGET', at, 'name', 'email', 'age', 'city', 'weight', 'team')
  if held.err then failed = held break end
  value0 = held[1]
  if value0 then
    at = tag .. 'eq:name:' .. value0
    reply = call('SREM', at, pk)
    if type(reply) ~= 'number' then failed = reply break end
    removed0 = reply == 1
  end
  value1 = held[2]
  if value1 then
    at = tag .. 'uniq:email'
    reply = call('HGET', at, value1)
    if reply == pk then
      reply = call('HDEL', at, value1)
      removed1 = reply == 1
    end
    if type(reply) == 'table' then failed = reply break end
  end
  value2 = held[3]
  if value2 then
    at = tag .. 'num:age'
    reply = call('ZREM', at, pk)
    if type(reply) ~= 'number' then failed = reply break end
    changed2 = reply == 1
  end
  value3 = held[4]
  if value3 then
    at = tag .. 'eq:city:' .. value3
    reply = call('SREM', at, pk)
    if type(reply) ~= 'number' then failed = reply break end
    removed3 = reply == 1
    at = tag .. 'lex:city'
    reply = call('ZREM', at, string.gsub(value3, '%z', '\0\255') .. '\0\0' .. pk)
    if type(reply) ~= 'number' then failed = reply break end
    removed4 = reply == 1
  end
  value4 = held[5]
  if value4 then
    at = tag .. 'num:weight'
    reply = call('ZREM', at, pk)
    if type(reply) ~= 'number' then failed = reply break end
    changed5 = reply == 1
  end
  at = tag .. 'field:motto:' .. pk
  value5 = call('GET', at)
  if type(value5) == 'table' then failed = value5 break end
  if value5 then
    at = tag .. 'lex:motto'
    reply = call('ZREM', at, string.gsub(value5, '%z', '\0\255') .. '\0\0' .. pk)
    if type(reply) ~= 'number' then failed = reply break end
    removed6 = reply == 1
  end
  value6 = held[6]
  if value6 then
    at = tag .. 'eq:team:' .. value6
    reply = call('SREM', at, pk)
    if type(reply) ~= 'number' then failed = reply break end
    removed7 = reply == 1
  end
  at = hash
  reply = call('UNLINK', hash, tag .. 'field:motto:' .. pk, tag .. 'field:tags:' .. pk)
  if type(reply) ~= 'number' then failed = reply break end
  return 1
until true

-- Takes back the changes, the last one first; notes the first command that fails.
local rollback_error = false
local function undo(command, at_key, ...)
  local undone = call(command, at_key, ...)
  if type(undone) == 'table' and undone.err then
    rollback_error = rollback_error or { 'broken', command .. ': ' .. undone.err, at_key, 'none' }
  end
end
if removed7 then undo('SADD', tag .. 'eq:team:' .. value6, pk) end
if removed6 then undo('ZADD', tag .. 'lex:motto', 0, string.gsub(value5, '%z', '\0\255') .. '\0\0' .. pk) end
if changed5 and not is_new5 and value4 then undo('ZADD', tag .. 'num:weight', value4, pk) elseif changed5 then undo('ZREM', tag .. 'num:weight', pk) end
if removed4 then undo('ZADD', tag .. 'lex:city', 0, string.gsub(value3, '%z', '\0\255') .. '\0\0' .. pk) end
if removed3 then undo('SADD', tag .. 'eq:city:' .. value3, pk) end
if changed2 and not is_new2 and value2 then undo('ZADD', tag .. 'num:age', value2, pk) elseif changed2 then undo('ZREM', tag .. 'num:age', pk) end
if removed1 then undo('HSET', tag .. 'uniq:email', value1, pk) end
if removed0 then undo('SADD', tag .. 'eq:name:' .. value0, pk) end
if listed then
  undo('SADD', KEYS[1], pk)
end
return rollback_error or outcome or { 'error', failed.err, at, call('TYPE', at).ok or 'none' }

