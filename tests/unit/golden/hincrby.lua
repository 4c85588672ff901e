-- EVALSHA 6fc413df3a79aeaa0c3dc2aea573d22445e4291b, sent with
--   KEYS[1]  {golden:parcel}:pks
--   KEYS[2]  {golden:parcel}:meta
--   KEYS[3]  {golden:parcel}:nothing
--   ARGV[1]  the epoch of the catalog
--   ARGV[2]  '{golden:parcel}:hash:'
--   ARGV[3]  'count'
--   ARGV[4]  '{golden:parcel}:num:count'
--   ARGV[5]  'HINCRBY'
--   ARGV[6]  the primary key
--   ARGV[7]  what follows the key in HINCRBY …
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
--        ARGV[5]  the command
--        ARGV[6]  the primary key
--        7…  the arguments of the command after the key
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
-- library/form_exact.lua
local SMALLEST_NORMAL, LARGEST_EXACT, DIGITS_KEPT = 2.2250738585072014e-308, '9007199254740992', 15

local function form_exact(value)
  if #value <= DIGITS_KEPT and string.find(value, '^[1-9]%d*$') then
    return value -- as most are
  end
-- library/as_score.lua
local function as_score(number)
  return number == 0 and '0' or string.format('%.17g', number)
end
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
  local whole, fraction, exponent = number_parts(value)
  if not whole then
    return nil, 'it is not a number'
  end
  fraction = without_last_zeros(fraction)
  local first = string.find(whole .. fraction, '[1-9]')
  if not first then
    return '0'
  end
  local digits, number = string.sub(whole .. fraction, first), tonumber(value)
  if math.abs(number) < SMALLEST_NORMAL or math.abs(number) == math.huge then
    return nil, 'it is too large or too small for a number index'
  end
  local is_exact = fraction == '' and exponent == '' and (#digits < 16 or #digits == 16 and digits <= LARGEST_EXACT)
  if #without_last_zeros(digits) > DIGITS_KEPT and not is_exact then
    return nil, 'a number index stores up to 15 digits, or integers up to 2**53, and does not round'
  end
  return as_score(number)
end
local pk, at, failed, outcome, before, after, stored = ARGV[6], KEYS[1], false, false, false, false, false
local key = ARGV[2] .. pk
local exact, score0, changed0, is_new0, new0
local reply = call('SISMEMBER', at, pk)
if reply == 0 then
  return { 'gone' }
end
repeat
  if reply ~= 1 then failed = reply break end
  at = key
  before = call('HGET', key, ARGV[3])
  if type(before) == 'table' then failed = before break end
  local result = call(ARGV[5], key, ARGV[7], ARGV[8])
  if type(result) == 'table' and result.err then failed = result break end
  stored = true
  exact = result < 2 ^ 53 and result > -2 ^ 53
  after = exact and string.format('%d', result) or call('HGET', key, ARGV[3])
  if type(after) == 'table' then failed = after break end
  if before ~= after then
    if after then
      new0 = after
      if not exact then
        new0, reply = form_exact(after)
        if not new0 then outcome = { 'unindexable', after, reply, ARGV[4] } break end
      end
    end
    if after then
      at = ARGV[4]
      reply = call('ZADD', at, new0, pk)
      if type(reply) ~= 'number' then failed = reply break end
      changed0, is_new0 = true, reply == 1
    end
    if not after then
      at = ARGV[4]
      reply = call('ZREM', at, pk)
      if type(reply) ~= 'number' then failed = reply break end
      changed0 = reply == 1
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
if changed0 and not is_new0 and before then undo('ZADD', ARGV[4], before, pk) elseif changed0 then undo('ZREM', ARGV[4], pk) end
if stored and before ~= after then
  if before then undo('HSET', key, ARGV[3], before) else undo('HDEL', key, ARGV[3]) end

end
return rollback_error or outcome or { 'error', failed.err, at, call('TYPE', at).ok or 'none' }

