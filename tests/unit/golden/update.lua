-- EVALSHA bc65be7ba4bf094aea4ba71f98a5af5498a7a6c7, sent with
--   KEYS[1]  {golden:parcel}:pks
--   KEYS[2]  {golden:parcel}:meta
--   KEYS[3]  {golden:parcel}:nothing
--   ARGV[1]  the epoch of the catalog
--   ARGV[2]  '{golden:parcel}:hash:'
--   ARGV[3]  'version'
--   ARGV[4]  '{golden:parcel}:field:label:'
--   ARGV[5]  '{golden:parcel}:lex:label'
--   ARGV[6]  '{golden:parcel}:field:sent:'
--   ARGV[7]  '{golden:parcel}:num:sent'
--   ARGV[8]  'count'
--   ARGV[9]  '{golden:parcel}:num:count'
--   ARGV[10]  the primary key
--   ARGV[11]  the value of label
--   ARGV[12]  the value as TextRangeIndex of Parcel.label stores it
--   ARGV[13]  the value of count
--   ARGV[14]  the value as NumberRangeIndex of Parcel.count stores it
--   ARGV[15]  the version that the object is to have, or ''
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
--        ARGV[10]  the primary key
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
local pk, at, failed, outcome, result = ARGV[10], KEYS[1], false, false, false
local value0 = ARGV[11]
local key0 = ARGV[4] .. pk
local key1 = ARGV[6] .. pk
local value2 = ARGV[13]
local key = ARGV[2] .. pk
local before0, before1, before2, done0, done1, version, counted, member0, added0, removed0, old0, unknown, score1, changed1, is_new1, score2, changed2, is_new2
local reply = call('SISMEMBER', at, pk)
if reply == 0 then
  return { 'gone' }
end
repeat
  if reply ~= 1 then failed = reply break end
  at = key
  reply = call('HMGET', key, ARGV[8], ARGV[3])
  if reply.err then failed = reply break end
  before2, version = reply[1], reply[2]
  at = key0
  before0 = call('GET', at)
  if type(before0) == 'table' then failed = before0 break end
  at = key1
  before1 = call('GET', at)
  if type(before1) == 'table' then failed = before1 break end
  if ARGV[15] ~= '' and (version or '0') ~= ARGV[15] then outcome = { 'stale', version or '0' } break end
  if before0 ~= value0 then
    if before0 then
      old0, reply, unknown = form_casefold(before0)
      if unknown then outcome = { 'transform', ARGV[5], before0, ARGV[5], value0 or before0 } break end
    end
  end
  if before0 ~= value0 then
    if old0 and old0 ~= ARGV[12] then
      at = ARGV[5]
      reply = call('ZREM', at, string.gsub(old0, '%z', '\0\255') .. '\0\0' .. pk)
      if type(reply) ~= 'number' then failed = reply break end
      removed0 = reply == 1
    end
    if old0 ~= ARGV[12] then
      at, member0 = ARGV[5], string.gsub(ARGV[12], '%z', '\0\255') .. '\0\0' .. pk
      reply = call('ZADD', at, 0, member0)
      if type(reply) ~= 'number' then failed = reply break end
      added0 = reply == 1
    end
  end
  if before1 ~= false then
    at = ARGV[7]
    reply = call('ZREM', at, pk)
    if type(reply) ~= 'number' then failed = reply break end
    changed1 = reply == 1
  end
  if before2 ~= value2 then
    at = ARGV[9]
    reply = call('ZADD', at, ARGV[14], pk)
    if type(reply) ~= 'number' then failed = reply break end
    changed2, is_new2 = true, reply == 1
  end
  at = key
  counted = call('HINCRBY', at, ARGV[3], 1)
  if type(counted) ~= 'number' then failed, counted = counted, false break end
  at = key
  result = call('HSET', key, ARGV[8], value2)
  if type(result) == 'table' and result.err then failed = result break end
  done0 = true
  at = key0
  result = call('SET', key0, value0)
  if type(result) == 'table' and result.err then failed = result break end
  done1 = true
  at = key1
  result = call('DEL', key1)
  if type(result) == 'table' and result.err then failed = result break end
  return counted < 2 ^ 53 and counted or call('HGET', key, ARGV[3]) -- beyond that Lua rounds
until true

-- Takes back the changes, the last one first; notes the first command that fails.
local rollback_error = false
local function undo(command, at_key, ...)
  local undone = call(command, at_key, ...)
  if type(undone) == 'table' and undone.err then
    rollback_error = rollback_error or { 'broken', command .. ': ' .. undone.err, at_key, 'none' }
  end
end
if done1 then
  if before0 then undo('SET', key0, before0) else undo('DEL', key0) end
end
if done0 then
  if before2 then undo('HSET', key, ARGV[8], before2) else undo('HDEL', key, ARGV[8]) end
end
if counted and version then undo('HSET', key, ARGV[3], version) elseif counted then undo('HDEL', key, ARGV[3]) end
if changed2 and not is_new2 and before2 then undo('ZADD', ARGV[9], before2, pk) elseif changed2 then undo('ZREM', ARGV[9], pk) end
local function score1()
-- library/calendar.lua
local DAYS_BEFORE = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 }

local function day_of(year, month, day)
  year, month, day = tonumber(year), tonumber(month), tonumber(day)
  local leap = year % 4 == 0 and (year % 100 ~= 0 or year % 400 == 0)
  local days = month == 2 and (leap and 29 or 28) or (month == 4 or month == 6 or month == 9 or month == 11) and 30 or 31
  if year < 1 or month < 1 or month > 12 or day < 1 or day > days then
    return nil
  end
  local years = year - 1
  local before = years * 365 + math.floor(years / 4) - math.floor(years / 100) + math.floor(years / 400)
  return before + DAYS_BEFORE[month] + (leap and month > 2 and 1 or 0) + day
end

local function time_of(hour, minute, second, fraction)
  hour, minute, second = tonumber(hour), tonumber(minute), tonumber(second)
  if hour > 23 or minute > 59 or second > 59 then
    return nil
  end
  return (hour * 60 + minute) * 60 + second, tonumber(string.sub(fraction .. '000000', 1, 6))
end

local function fraction_in(value, first, last)
  local text = string.sub(value, first, last)
  return text == '' and '' or #text <= 7 and string.match(text, '^%.(%d+)$')
end
-- library/form_moment.lua
local FIRST_OF_1970 = 719163 -- the number of its day

local function form_moment(value)
  local year, month, day, hour, minute, second =
    string.match(value, '^(%d%d%d%d)%-(%d%d)%-(%d%d)T(%d%d):(%d%d):(%d%d)')
  local number = year and day_of(year, month, day)
  local fraction = number and string.byte(value, #value) == 90 and fraction_in(value, 20, -2)
  local seconds, microseconds
  if fraction then
    seconds, microseconds = time_of(hour, minute, second, fraction)
  end
  if not seconds then
    return nil, 'it is not a datetime (YYYY-MM-DDTHH:MM:SS.ffffffZ)'
  end
  local whole = ((number - FIRST_OF_1970) * 86400 + seconds) * 1000000
  if whole + microseconds - whole ~= microseconds then
    return nil, 'a number index cannot store microseconds so far from 1970; use TextRangeIndex'
  end
  return string.format('%.0f', whole + microseconds)
end
  return before1 and form_moment(before1)
end
if changed1 and not is_new1 and score1() then undo('ZADD', ARGV[7], score1(), pk) elseif changed1 then undo('ZREM', ARGV[7], pk) end
if added0 then undo('ZREM', ARGV[5], member0) end
if removed0 then undo('ZADD', ARGV[5], 0, string.gsub(old0, '%z', '\0\255') .. '\0\0' .. pk) end
return rollback_error or outcome or { 'error', failed.err, at, call('TYPE', at).ok or 'none' }

