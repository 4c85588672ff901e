-- EVALSHA 9f019d48a60e153bb02e25b0b58770489ca1eb9d, sent with
--   KEYS[1]  {golden:parcel}:pks
--   KEYS[2]  {golden:parcel}:meta
--   KEYS[3]  {golden:parcel}:nothing
--   ARGV[1]  the epoch of the catalog
--   ARGV[2]  '{golden:parcel}:hash:'
--   ARGV[3]  'name'
--   ARGV[4]  '{golden:parcel}:uniq:name+size'
--   ARGV[5]  'size'
--   ARGV[6]  the primary key
--   ARGV[7]  the value
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
-- library/form_float.lua
local function form_float(value)
  if not string.find(value, '^%-?%d+%.?%d*$') then -- as few are
-- library/number_text.lua
local function without_last_zeros(digits)
  local last = #digits
  while last > 0 and string.byte(digits, last) == 48 do
    last = last - 1
  end
  return string.sub(digits, 1, last)
end

local function number_parts(value)
  local first = string.find(value, '^[+-]') and 2 or 1
  local after_whole = string.find(value, '%D', first) or #value + 1
  local whole, fraction, rest = string.sub(value, first, after_whole - 1), '', after_whole
  if string.sub(value, rest, rest) == '.' then
    rest = string.find(value, '%D', after_whole + 1) or #value + 1
    fraction = string.sub(value, after_whole + 1, rest - 1)
  end
  local exponent = string.sub(value, rest)
  if whole == '' and fraction == '' or exponent ~= '' and not string.find(exponent, '^[eE][+-]?%d%d?%d?%d?$') then
    return nil
  end
  return whole, fraction, exponent
end
    if value == 'inf' or value == '-inf' or value == 'nan' or not number_parts(value) then
      return value
    end
  end
  local number = tonumber(value)
  return number == 0 and '0' or string.format('%.17g', number)
end
-- library/netstring.lua
local function netstring(text)
  return #text .. ':' .. text
end
local pk, at, failed, outcome, result = ARGV[6], KEYS[1], false, false, false
local value0 = ARGV[7]
local key = ARGV[2] .. pk
local before0, before1, done0, old0, new0, owner0, added0, removed0
local reply = call('SISMEMBER', at, pk)
if reply == 0 then
  return { 'gone' }
end
repeat
  if reply ~= 1 then failed = reply break end
  at = key
  reply = call('HMGET', key, ARGV[3], ARGV[5])
  if reply.err then failed = reply break end
  before0, before1 = reply[1], reply[2]
  old0 = before0 and before1 and netstring(before0) .. netstring(form_float(before1))
  new0 = value0 and before1 and netstring(value0) .. netstring(form_float(before1))
  if new0 and old0 ~= new0 then
    at = ARGV[4]
    owner0 = call('HGET', at, new0)
    if type(owner0) == 'table' then failed = owner0 break end
    if owner0 and owner0 ~= pk then
      reply = call('SISMEMBER', KEYS[1], owner0)
      if reply == 1 then outcome = { 'unique', ARGV[4], new0, owner0 } break end
      if reply ~= 0 then at, failed = KEYS[1], reply break end
    end
  end
  at = key
  result = call('HSET', key, ARGV[3], value0)
  if type(result) == 'table' and result.err then failed = result break end
  done0 = true
  if old0 and old0 ~= new0 then
    at = ARGV[4]
    reply = call('HGET', at, old0)
    if reply == pk then
      reply = call('HDEL', at, old0)
      removed0 = reply == 1
    end
    if type(reply) == 'table' then failed = reply break end
  end
  if new0 and old0 ~= new0 then
    at = ARGV[4]
    reply = call(owner0 and 'HSET' or 'HSETNX', at, new0, pk)
    if type(reply) ~= 'number' then failed = reply break end
    added0 = true
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
if added0 and owner0 then undo('HSET', ARGV[4], new0, owner0) elseif added0 then undo('HDEL', ARGV[4], new0) end
if removed0 then undo('HSET', ARGV[4], old0, pk) end
if done0 then
  if before0 then undo('HSET', key, ARGV[3], before0) else undo('HDEL', key, ARGV[3]) end
end
return rollback_error or outcome or { 'error', failed.err, at, call('TYPE', at).ok or 'none' }

