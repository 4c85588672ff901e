-- EVALSHA d6c95d4b17b22719851caaec54eb442be5867cf2, sent with
--   KEYS[1]  {golden:parcel}:pks
--   KEYS[2]  {golden:parcel}:meta
--   KEYS[3]  {golden:parcel}:nothing
--   ARGV[1]  the epoch of the catalog
--   ARGV[2]  '{golden:parcel}:field:label:'
--   ARGV[3]  '{golden:parcel}:lex:label'
--   ARGV[4]  the primary key
--   ARGV[5]  the value
--   ARGV[6]  the value as TextRangeIndex of Parcel.label stores it
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
--        ARGV[4]  the primary key
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
-- library/form_casefold.lua
local function form_casefold(value)
  if string.find(value, '[\128-\255]') then
    return nil, 'only Python can fold the case of what is not ASCII', true
  end
  return string.lower(value)
end
local pk, at, failed, outcome, result = ARGV[4], KEYS[1], false, false, false
local value0 = ARGV[5]
local key0 = ARGV[2] .. pk
local before0, member0, added0, removed0, old0, unknown
local reply = call('SISMEMBER', at, pk)
if reply == 0 then
  return { 'gone' }
end
repeat
  if reply ~= 1 then failed = reply break end
  at = key0
  before0 = call('GET', at)
  if type(before0) == 'table' then failed = before0 break end
  if before0 ~= value0 then
    if before0 then
      old0, reply, unknown = form_casefold(before0)
      if unknown then outcome = { 'transform', ARGV[3], before0, ARGV[3], value0 or before0 } break end
    end
  end
  if before0 ~= value0 then
    if old0 and old0 ~= ARGV[6] then
      at = ARGV[3]
      reply = call('ZREM', at, string.gsub(old0, '%z', '\0\255') .. '\0\0' .. pk)
      if type(reply) ~= 'number' then failed = reply break end
      removed0 = reply == 1
    end
    if old0 ~= ARGV[6] then
      at, member0 = ARGV[3], string.gsub(ARGV[6], '%z', '\0\255') .. '\0\0' .. pk
      reply = call('ZADD', at, 0, member0)
      if type(reply) ~= 'number' then failed = reply break end
      added0 = reply == 1
    end
  end
  at = key0
  result = call('SET', key0, value0)
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
if added0 then undo('ZREM', ARGV[3], member0) end
if removed0 then undo('ZADD', ARGV[3], 0, string.gsub(old0, '%z', '\0\255') .. '\0\0' .. pk) end
return rollback_error or outcome or { 'error', failed.err, at, call('TYPE', at).ok or 'none' }

