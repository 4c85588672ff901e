-- EVALSHA 4a3dad8cb1c7c414951f2eb3775aabd5a84ead96, sent with
--   KEYS[1]  {golden:parcel}:pks
--   KEYS[2]  {golden:parcel}:meta
--   KEYS[3]  {golden:parcel}:nothing
--   ARGV[1]  the epoch of the catalog
--   ARGV[2]  '{golden:parcel}:field:sent:'
--   ARGV[3]  '{golden:parcel}:num:sent'
--   ARGV[4]  the primary key
--   ARGV[5]  the value
--   ARGV[6]  the value as NumberRangeIndex of Parcel.sent stores it
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
local pk, at, failed, outcome, result = ARGV[4], KEYS[1], false, false, false
local value0 = ARGV[5]
local key0 = ARGV[2] .. pk
local before0, score0, changed0, is_new0
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
    at = ARGV[3]
    reply = call('ZADD', at, ARGV[6], pk)
    if type(reply) ~= 'number' then failed = reply break end
    changed0, is_new0 = true, reply == 1
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
local function score0()
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
  return before0 and form_moment(before0)
end
if changed0 and not is_new0 and score0() then undo('ZADD', ARGV[3], score0(), pk) elseif changed0 then undo('ZREM', ARGV[3], pk) end
return rollback_error or outcome or { 'error', failed.err, at, call('TYPE', at).ok or 'none' }

