-- EVALSHA 6bb1201cc4f76f241179eb8d6b14ee768b9d4008, sent with
--   KEYS[1]  {golden:person}:pks
--   KEYS[2]  {golden:person}:meta
--   KEYS[3]  {golden:person}:nothing
--   ARGV[1]  the epoch of the catalog
--   ARGV[2]  '{golden:person}:field:motto:'
--   ARGV[3]  '{golden:person}:lex:motto'
--   ARGV[4]  the primary key
--   ARGV[5]  the value
#!lua
-- Gives a field of one value of an object another value, which its indexes follow: all of it, or nothing.
--
-- KEYS   1 the set of primary keys   2 the catalog of the model   3 a key that never exists
-- ARGV   1 the epoch   2… the names and keys of the field and its indexes   ARGV[4] the primary key
--        the value, if it gets one, and what indexes keep of it, if not itself
-- Reply  that of the command; or 'gone', 'unique', 'absent', 'error', 'broken' (see lua/library/atomic)
-- Refuses to run under another epoch than the one that the process knows of the model (see scripts/declare.lua).
local call = redis.pcall
local epoch = call('HGET', KEYS[2], ':epoch')
if epoch ~= ARGV[1] then
  local failed = type(epoch) == 'table' and epoch.err
  if failed and string.find(failed, 'WRONGTYPE', 1, true) then
    failed = 'WRONGTYPE the key ' .. KEYS[2] .. ' should be a hash; move or delete it'
  end
  return redis.error_reply(failed or 'OUTDATED ' .. KEYS[2])
end
local pk, value = ARGV[4], ARGV[5]
local key, at, failed, outcome, before, stored = ARGV[2] .. pk, KEYS[1], false, false, false, false
local member0, added0, removed0
local reply = call('SISMEMBER', at, pk)
if reply == 0 then
  return { 'gone' }
end
repeat
  if reply ~= 1 then failed = reply break end
  at = key
  before = call('GET', key)
  if type(before) == 'table' then failed = before break end
  local changes = before ~= value
  if changes then
  end
  at = key
  local result = call('SET', key, value)
  if type(result) == 'table' and result.err then failed = result break end
  stored = true
  if changes then
    if before then
    at = ARGV[3]
    reply = call('ZREM', at, string.gsub(before, '%z', '\0\255') .. '\0\0' .. pk)
    if type(reply) ~= 'number' then failed = reply break end
    removed0 = reply == 1
    end
    at, member0 = ARGV[3], string.gsub(value, '%z', '\0\255') .. '\0\0' .. pk
    reply = call('ZADD', at, 0, member0)
    if type(reply) ~= 'number' then failed = reply break end
    added0 = reply == 1
  end
  return result
until true

-- What was done is taken back, the last of it first.
local broken = false
local function undo(command, at_key, ...)
  local undone = call(command, at_key, ...)
  if type(undone) == 'table' and undone.err then
    broken = broken or { 'broken', command .. ': ' .. undone.err, at_key, 'none' }
  end
end
if added0 then undo('ZREM', ARGV[3], member0) end
if removed0 then undo('ZADD', ARGV[3], 0, string.gsub(before, '%z', '\0\255') .. '\0\0' .. pk) end
if stored then
  if before then undo('SET', key, before) else undo('DEL', key) end
end
return broken or outcome or { 'error', failed.err, at, call('TYPE', at).ok or 'none' }

