-- EVALSHA 1a66c313657c32f7996db6592d57283a100132d5, sent with
--   KEYS[1]  {golden:parcel}:pks
--   KEYS[2]  {golden:parcel}:meta
--   KEYS[3]  {golden:parcel}:nothing
--   ARGV[1]  the epoch of the catalog
--   ARGV[2]  '{golden:parcel}:hash:'
--   ARGV[3]  'weight'
--   ARGV[4]  '{golden:parcel}:eq:weight:'
--   ARGV[5]  the primary key
--   ARGV[6]  the value
--   ARGV[7]  the value as EqualIndex of Parcel.weight stores it
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
--        ARGV[5]  the primary key
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
local pk, at, failed, outcome, result = ARGV[5], KEYS[1], false, false, false
local value0 = ARGV[6]
local key = ARGV[2] .. pk
local before0, added0, removed0, old0
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
      old0 = form_float(before0)
    end
  end
  if before0 ~= value0 then
    if old0 and old0 ~= ARGV[7] then
      at = ARGV[4] .. old0
      reply = call('SREM', at, pk)
      if type(reply) ~= 'number' then failed = reply break end
      removed0 = reply == 1
    end
    if old0 ~= ARGV[7] then
      at = ARGV[4] .. ARGV[7]
      reply = call('SADD', at, pk)
      if type(reply) ~= 'number' then failed = reply break end
      added0 = reply == 1
    end
  end
  at = key
  result = call('HSET', key, ARGV[3], value0)
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
if added0 then undo('SREM', ARGV[4] .. ARGV[7], pk) end
if removed0 then undo('SADD', ARGV[4] .. old0, pk) end
return rollback_error or outcome or { 'error', failed.err, at, call('TYPE', at).ok or 'none' }

