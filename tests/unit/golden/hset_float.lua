-- EVALSHA 909243197101b90730a6f26c18afd4af3fb57881: the general script write.lua
#!lua
KEYS[#KEYS] = nil -- the one that is never written
-- Runs write commands on fields of one object and keeps their indexes: all of it, or nothing.
--
-- KEYS   the set of primary keys; the last automatic one if the object has none yet
-- ARGV   the primary key, or '' if there is none; and commands (see library/steps)
-- Reply  'ok', the primary key or false if none
--        was needed, the replies of the commands; or 'gone', 'unique', 'unindexable', 'asked', 'error' (see library/atomic)
-- library/guard.lua
for _ = 1, table.remove(ARGV) do
  local epoch, meta = table.remove(ARGV), table.remove(ARGV)
  local held = redis.pcall('HGET', meta, ':epoch')
  if type(held) == 'table' then
    local mistyped = string.find(held.err, 'WRONGTYPE', 1, true)
    return redis.error_reply(mistyped and 'WRONGTYPE the key ' .. meta .. ' should be a hash; move or delete it' or held.err)
  elseif (held or '') ~= epoch then
    local is_empty = not held and string.sub(epoch, 1, 1) == ':' and redis.call('SCARD', string.sub(epoch, 2)) == 0
    if not is_empty then
      return redis.error_reply('OUTDATED ' .. meta)
    end
  end
end
-- library/alone.lua
local call, try = redis.call, redis.pcall
local goes_on = false -- whether other scripts follow in the same step, so that all must be noted (see transaction.lua)
local is_last = false -- whether nothing comes after this one of them that could be refused
local subject_key = false -- the key being worked on, for the message of an error
local asked = false -- the outcome, if only Python can tell what is kept of some values (see library/forms)
-- library/atomic.lua
local journal, noted = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, 0

local function undo_with(command, key, first, second)
  journal[noted + 1], journal[noted + 2], journal[noted + 3], journal[noted + 4] = command, key, first or false, second or false
  noted = noted + 4
end

local function take_back(outcome)
  error({ outcome = outcome })
end

local function refuse(...)
  take_back({ ... })
end

local function unlink(key)
  call('UNLINK', key)
end

local broken = false -- the outcome, if something could not be taken back: whatever else was found, that is told

local function play_back(mark)
  for at = noted - 3, mark + 1, -4 do
    local command, key, first, second = journal[at], journal[at + 1], journal[at + 2], journal[at + 3]
    local undone, result = true, nil
    if type(command) == 'function' then
      undone, result = pcall(command, key, first, second)
    elseif second then
      result = redis.pcall(command, key, first, second)
    elseif first then
      result = redis.pcall(command, key, first)
    else
      result = redis.pcall(command, key)
    end
    if not undone or type(result) == 'table' and result.err then
      local name = type(command) == 'string' and command .. ': ' or ''
      local message = name .. (type(result) == 'table' and result.err or tostring(result))
      broken = broken or { 'broken', message, key or subject_key or '', 'none' }
    end
  end
  noted = mark
  return not broken
end

local function outcome_of(failure)
  if type(failure) == 'table' and failure.outcome then
    return failure.outcome
  end
  local message = type(failure) == 'table' and failure.err or tostring(failure)
  local kind = subject_key and redis.pcall('TYPE', subject_key).ok or 'none'
  return { 'error', message, subject_key or '', kind }
end

local function atomically(step)
  local done, outcome = pcall(step)
  if done and not asked then
    return outcome
  end
  if not play_back(0) then
    return broken
  end
  return asked or outcome_of(outcome)
end
-- library/exact.lua
local function is_rounded(reply)
  return type(reply) == 'number' and (reply >= 2 ^ 53 or reply <= -2 ^ 53)
end

local function holds_rounded(reply)
  if type(reply) ~= 'table' then
    return is_rounded(reply)
  end
  local last = #reply
  for at = 1, (type(reply[1]) ~= 'string' or type(reply[last]) ~= 'string') and last or 0 do
    if holds_rounded(reply[at]) then
      return true
    end
  end
  return false
end

local function exactly(reply, kept, command, key, sub)
  if not is_rounded(reply) then
    return reply
  end
  local text
  if command == 'HINCRBY' then
    text = redis.pcall('HGET', key, sub)
  else
    text = redis.pcall('GET', key)
  end
  if type(text) == 'table' and kept then
    error(text)
  elseif type(text) == 'table' then
    refuse('unread', text.err, key, 'none')
  end
  return text
end
-- library/mint.lua
local function mint()
  subject_key = KEYS[2]
  local number, is_first = call('INCR', KEYS[2]), true
  if number == 1 then
    undo_with('DEL', KEYS[2])
  else
    undo_with('DECR', KEYS[2])
  end
  while true do
    local pk = is_rounded(number) and call('GET', KEYS[2]) or string.format('%.0f', number)
    subject_key = KEYS[1]
    if call('SADD', KEYS[1], pk) == 1 then
      undo_with('SREM', KEYS[1], pk)
      return pk
    end
    subject_key = KEYS[2]
    if is_first then
      is_first = false
      undo_with('SET', KEYS[2], pk)
      local objects = call('SCARD', KEYS[1])
      if objects > number then
        call('SET', KEYS[2], objects)
      end
    end
    number = call('INCR', KEYS[2])
  end
end
-- library/if_known.lua
local function if_known(...)
  local reply = redis.pcall(...)
  if type(reply) == 'table' and reply.err then
    if not string.find(string.lower(reply.err), 'unknown') then
      error(reply)
    end
    return nil
  end
  return reply
end
-- library/values.lua
local function read_value(stored, key, sub)
  subject_key = key
  if stored == 'entry' then
    return call('HGET', key, sub)
  end
  return call('GET', key)
end

local function expiry_of_key(key)
  local expires = call('PEXPIRETIME', key)
  if is_rounded(expires) then
    error({ err = 'ERR it expires after the year 287396, which could not be put back; let it expire earlier, or never' })
  end
  return expires
end

local function undo_expiry(key, expires)
  undo_with(function()
    local now = call('PEXPIRETIME', key)
    if expires > 0 and now ~= expires then
      call('PEXPIREAT', key, expires)
    elseif expires <= 0 and now > 0 then
      call('PERSIST', key)
    end
  end, key)
end

local function expiry_of(stored, key, sub)
  if stored == 'entry' then
    local times = if_known('HPEXPIRETIME', key, 'FIELDS', 1, sub)
    return times and times[1] or 0
  end
  return expiry_of_key(key)
end

local function undo_write(stored, key, sub, before, expires)
  if before and expires and expires > 0 then
    if stored == 'entry' then
      undo_with(function()
        call('HPEXPIREAT', key, expires, 'FIELDS', 1, sub)
      end, key)
    else
      undo_expiry(key, expires)
    end
  end
  if stored == 'entry' then
    if before then
      undo_with('HSET', key, sub, before)
    else
      undo_with('HDEL', key, sub)
    end
  elseif before then
    undo_with('SET', key, before, not expires and 'KEEPTTL')
  else
    undo_with('DEL', key)
  end
end
-- library/sorted_entries.lua
local function make_sorted_entries()
  local function member_of(kind, entry, pk)
    if kind == 'lex' then
      return string.gsub(entry, '%z', '\0\255') .. '\0\0' .. pk
    elseif kind == 'sep' then
      return entry .. ':TEXT-RANGE-SEPARATOR:' .. pk
    end
    return entry .. ':' .. pk
  end

  local function set_score(key, score, pk)
    local before = call('ZSCORE', key, pk)
    call('ZADD', key, score, pk)
    if before then
      undo_with('ZADD', key, before, pk)
    else
      undo_with('ZREM', key, pk)
    end
  end

  local function set_place(key, place, pk)
    local longitude, latitude = string.match(place, '^([^,]+),([^,]+)$')
    if not longitude then
      refuse('unindexable', place, 'it is no place', key)
    end
    local before = call('ZSCORE', key, pk)
    call('GEOADD', key, longitude, latitude, pk)
    if before then
      undo_with('ZADD', key, before, pk)
    else
      undo_with('ZREM', key, pk)
    end
  end

  local function take_out(key, pk)
    local before = call('ZSCORE', key, pk)
    if before then
      call('ZREM', key, pk)
      undo_with('ZADD', key, before, pk)
    end
  end

  local sorted_entries = { member_of = member_of }

  function sorted_entries.add(kind, key, entry, pk)
    if kind == 'num' then
      set_score(key, entry, pk)
    elseif kind == 'geo' then
      set_place(key, entry, pk)
    elseif kind == 'scored' then
      local score, ending = string.match(entry, '^([^:]*):(.*)$')
      subject_key = key .. ending
      set_score(subject_key, score, pk)
    else
      local member = member_of(kind, entry, pk)
      if call('ZADD', key, (kind == 'lex' or kind == 'sep') and 0 or entry, member) == 1 then
        undo_with('ZREM', key, member)
      end
    end
  end

  function sorted_entries.remove(kind, key, entry, pk)
    if kind == 'num' or kind == 'geo' then
      take_out(key, pk)
    elseif kind == 'scored' then
      subject_key = key .. string.match(entry, '^[^:]*:(.*)$')
      take_out(subject_key, pk)
    else
      local member = member_of(kind, entry, pk)
      if call('ZREM', key, member) == 1 then
        undo_with('ZADD', key, (kind == 'lex' or kind == 'sep') and 0 or entry, member)
      end
    end
  end

  return sorted_entries
end

local sorted_entries = false
-- library/owners.lua
local function owners_of(kind, key, entry)
  if kind == 'eq' then
    return call('SMEMBERS', key .. entry)
  elseif kind == 'scored' then
    return call('ZRANGE', key .. entry, 0, -1)
  elseif kind == 'uniq' then
    local owner = call('HGET', key, entry)
    return owner and { owner } or {}
  elseif kind == 'num' then
    return call('ZRANGEBYSCORE', key, entry, entry)
  end
  local beginning, owners = entry .. ':TEXT-RANGE-SEPARATOR:', {}
  for _, member in ipairs(call('ZRANGEBYLEX', key, '[' .. beginning, '(' .. entry .. ':TEXT-RANGE-SEPARATOR;')) do
    local pk = string.sub(member, #beginning + 1)
    if not string.find(pk, ':TEXT-RANGE-SEPARATOR:', 1, true) then
      owners[#owners + 1] = pk
    end
  end
  return owners
end
-- library/placed.lua
local function placed(template, name)
  local at = string.find(template, '\0', 1, true)
  if not at then
    return template .. name
  end
  return string.sub(template, 1, at - 1) .. name .. string.sub(template, at + 1)
end
-- library/sole_owner.lua
local function remove_owner(kind, key, entry, owner)
  if kind == 'eq' then
    call('SREM', key .. entry, owner)
    undo_with('SADD', key .. entry, owner)
  else
    sorted_entries = sorted_entries or make_sorted_entries()
    sorted_entries.remove(kind, key, entry, owner)
  end
end
-- library/add_entry.lua
local owners_set = KEYS[1] -- the primary keys of all objects of the model whose indexes are written

local function add_entry(kind, key, entry, pk, number, value, sub)
  subject_key = key
  if kind == 'eq' then
    key = key .. entry
    subject_key = key
    if call('SADD', key, pk) == 1 then
      undo_with('SREM', key, pk)
    end
  elseif kind == 'inv' then
    key = placed(key, pk)
    subject_key = key
    if call('SADD', key, entry) == 1 then
      undo_with('SREM', key, entry)
    end
  elseif kind == 'ref' then
    if call('SISMEMBER', key, entry) == 0 then
      refuse('absent', number, entry)
    end
  elseif string.byte(kind) == 33 then
    kind = string.sub(kind, 2)
    for _, owner in ipairs(owners_of(kind, key, entry)) do
      if owner ~= pk and call('SISMEMBER', owners_set, owner) == 1 then
        refuse('unique', number, value, owner, sub)
      elseif owner ~= pk then
        remove_owner(kind, key, entry, owner)
      end
    end
    add_entry(kind, key, entry, pk)
  elseif kind ~= 'uniq' then
    sorted_entries = sorted_entries or make_sorted_entries()
    sorted_entries.add(kind, key, entry, pk)
  elseif call('HSETNX', key, entry, pk) == 1 then
    undo_with('HDEL', key, entry)
  else
    local owner = call('HGET', key, entry)
    if owner ~= pk and call('SISMEMBER', owners_set, owner) == 1 then
      refuse('unique', number, value, owner, sub)
    elseif owner ~= pk then
      call('HSET', key, entry, pk)
      undo_with('HSET', key, entry, owner)
    end
  end
end
-- library/remove_entry.lua
local function remove_entry(kind, key, entry, pk)
  subject_key = key
  if kind == 'eq' then
    key = key .. entry
    subject_key = key
    if call('SREM', key, pk) == 1 then
      undo_with('SADD', key, pk)
    end
  elseif kind == 'inv' then
    key = placed(key, pk)
    subject_key = key
    if call('SREM', key, entry) == 1 then
      undo_with('SADD', key, entry)
    end
  elseif kind == 'ref' then
    return
  elseif string.byte(kind) == 33 then
    remove_entry(string.sub(kind, 2), key, entry, pk)
  elseif kind ~= 'uniq' then
    sorted_entries = sorted_entries or make_sorted_entries()
    sorted_entries.remove(kind, key, entry, pk)
  elseif call('HGET', key, entry) == pk then
    call('HDEL', key, entry)
    undo_with('HSET', key, entry, pk)
  end
end
-- library/upkeep.lua
local function make_upkeep()
-- library/key_and_entry.lua
local function key_and_entry(kind, key, text, sub)
  if not sub then
    return key, text
  elseif string.find(key, '\0', 1, true) then
    return placed(key, sub), text
  elseif kind == 'eq' or kind == 'uniq' then
    return key, #sub .. ':' .. sub .. ':' .. text
  end
  return key .. ':' .. sub, text
end
-- library/apart.lua
local function from_hex(digits)
  return (string.gsub(digits, '..', function(two)
    return string.char(tonumber(two, 16))
  end))
end

local function is_apart(value, code)
  local other = from_hex(code)
  if string.byte(other, -1) == 58 then
    return string.sub(value, 1, #other) ~= other
  end
  return value ~= other
end
-- library/forms.lua
local function make_forms()
-- library/form_casefold.lua
local function form_casefold(value)
  if string.find(value, '[\128-\255]') then
    return nil, 'only Python can fold the case of what is not ASCII', true
  end
  return string.lower(value)
end
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
-- library/form_clock.lua
local function form_clock(value)
  local hour, minute, second = string.match(value, '^(%d%d):(%d%d):(%d%d)')
  local fraction = hour and fraction_in(value, 9, -1)
  local seconds, microseconds
  if fraction then
    seconds, microseconds = time_of(hour, minute, second, fraction)
  end
  if not seconds then
    return nil, 'it is no time of day (HH:MM:SS.ffffff)'
  end
  return string.format('%.0f', seconds * 1000000 + microseconds)
end
-- library/form_days.lua
local function form_days(value)
  local year, month, day = string.match(value, '^(%d%d%d%d)%-(%d%d)%-(%d%d)$')
  local number = year and day_of(year, month, day)
  if not number then
    return nil, 'it is no date (YYYY-MM-DD)'
  end
  return string.format('%.0f', number)
end
-- library/number_text.lua
local function as_score(number)
  return number == 0 and '0' or string.format('%.17g', number)
end

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
-- library/form_decimal.lua
local function form_decimal(value)
  if string.match(value, '^%-?%d+%.%d+$') then
    value = without_last_zeros(value)
    value = string.byte(value, #value) == 46 and string.sub(value, 1, -2) or value
  end
  return value == '-0' and '0' or value
end
-- library/form_double.lua
local function form_double(value)
  if string.find(value, '^%-?%d+%.%d+$') then
    return as_score(tonumber(value)) -- as most are
  elseif value == 'inf' or value == '+inf' then
    return 'inf'
  elseif value == '-inf' then
    return '-inf'
  elseif not number_parts(value) then
    return nil, value == 'nan' and 'NaN has no place among numbers' or 'it is no number'
  end
  return as_score(tonumber(value))
end
-- library/form_exact.lua
local SMALLEST_NORMAL, LARGEST_EXACT, DIGITS_KEPT = 2.2250738585072014e-308, '9007199254740992', 15

local function form_exact(value)
  if #value <= DIGITS_KEPT and string.find(value, '^[1-9]%d*$') then
    return value -- as most are
  end
  local whole, fraction, exponent = number_parts(value)
  if not whole then
    return nil, 'it is no number'
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
    return nil, 'a number index keeps 15 digits, or integers up to 2**53, and rounds nothing'
  end
  return as_score(number)
end
-- library/form_float.lua
local function form_float(value)
  if string.find(value, '^%-?%d+%.%d+$') then
    return as_score(tonumber(value)) -- as most are
  elseif value == 'inf' or value == '-inf' or value == 'nan' or not number_parts(value) then
    return value
  end
  return as_score(tonumber(value))
end
-- library/form_loose.lua
local function form_loose(value)
  local first, last = string.find(value, '[^ \t\n\r\f\v]') or #value + 1, #value
  while last >= first and string.find(value, '^[ \t\n\r\f\v]', last) do
    last = last - 1
  end
  local text = string.lower(string.sub(value, first, last))
  text = string.gsub(text, '(%d)_%f[%d]', '%1')
  local infinite = string.match(text, '^([+-]?)inf$') or string.match(text, '^([+-]?)infinity$')
  if infinite then
    return infinite == '-' and '-inf' or 'inf'
  end
  return number_parts(text) and as_score(tonumber(text)) or '0'
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
    return nil, 'it is no moment (YYYY-MM-DDTHH:MM:SS.ffffffZ)'
  end
  local whole = ((number - FIRST_OF_1970) * 86400 + seconds) * 1000000
  if whole + microseconds - whole ~= microseconds then
    return nil, 'so far from 1970 a number index cannot keep microseconds; use TextRangeIndex'
  end
  return string.format('%.0f', whole + microseconds)
end
-- library/form_numeral.lua
local function form_numeral(value)
  if #value <= 15 and string.find(value, '^[1-9]%d*$') then
    return value -- as most are
  end
  local score, reason = form_double(value)
  local whole, fraction, exponent = number_parts(value)
  if not whole then
    return score, reason -- infinite; or no number
  end
  local number = math.abs(tonumber(value))
  if number == math.huge or number == 0 and string.find(whole .. fraction, '[1-9]') then
    return nil, 'it is too large or too small for a number index'
  end
  local is_integer = exponent == '' and not string.find(value, '.', 1, true)
  if is_integer and string.format('%.0f', number) ~= string.match(whole, '^0*(%d+)$') then
    return nil, 'a number index keeps integers that a double can be, such as all up to 2**53, and rounds none'
  end
  return score
end
  local forms = {
    text = function(value)
      return value
    end,
    float = form_float,
    decimal = form_decimal,
    exact = form_exact,
    double = form_double,
    numeral = form_numeral,
    days = form_days,
    clock = form_clock,
    moment = form_moment,
    loose = form_loose,
    casefold = form_casefold,
  }

  local function made_by(chain, value)
    local reason, ask_python
    for name in string.gmatch(chain, '[^|]+') do
      local first, last = string.match(name, '^slice:(%d+):(%d+)$')
      local other, ending = string.match(name, '^apart:(%x+)$'), string.match(name, '^ending:(%x+)$')
      if first then
        value = string.sub(value, tonumber(first), tonumber(last))
      elseif other then
        if not is_apart(value, other) then
          return nil, 'in the layout of limpyd 2 its key would be that of another index of the field'
        end
      elseif ending then
        ending = from_hex(ending)
        if string.sub(value, -#ending) == ending then
          return nil, 'in the layout of limpyd 2 its key would be that of another index of the field'
        end
        value = value .. ending
      else
        value, reason, ask_python = forms[name](value)
      end
      if not value then
        return nil, reason, ask_python
      end
    end
    return value
  end

  local function take_counted(text, at)
    local colon = string.find(text, ':', at, true)
    local last = colon + tonumber(string.sub(text, at, colon - 1))
    return string.sub(text, colon + 1, last), last + 1
  end

  local function read_told(form, at)
    local told = {}
    while at <= #form do
      local value, texts, colon
      value, at = take_counted(form, at)
      colon = string.find(form, ':', at, true)
      local count = tonumber(string.sub(form, at, colon - 1))
      at = colon + 1
      if count < 0 then
        texts, at = take_counted(form, at)
      else
        texts = {}
        for number = 1, count do
          texts[number], at = take_counted(form, at)
        end
      end
      told[value] = texts
    end
    return told
  end

  local function ask(key, value)
    asked = asked or { 'asked' }
    asked[key] = asked[key] or {}
    if not asked[key][value] then
      asked[key][value] = true
      asked[#asked + 1] = key
      asked[#asked + 1] = value
    end
  end

  local read = {}

  return function(form, value, key)
    if string.byte(form) ~= 63 then
      local text, reason = made_by(form, value)
      return text, reason
    end
    if not read[form] then
      local base_end = string.find(form, '?', 2, true)
      read[form] = { base = string.sub(form, 2, base_end - 1), told = read_told(form, base_end + 1) }
    end
    local told = read[form].told[value]
    if type(told) == 'string' then
      return nil, told
    elseif told then
      return told
    end
    if read[form].base ~= '' then
      local text, reason, ask_python = made_by(read[form].base, value)
      if not ask_python then
        return text, reason
      end
    end
    ask(key, value)
    return {}
  end
end

local formed = false

local function normal_form(form, value, key)
  if form == 'text' then
    return value
  end
  formed = formed or make_forms()
  return formed(form, value, key)
end

local function texts_of(form, value, key)
  local texts, reason = normal_form(form, value, key)
  if type(texts) == 'string' then
    return { texts }
  end
  return texts, reason
end
-- library/change_value.lua
local function change_value(kind, form, key, before, after, pk, number, sub)
  local old, new, reason = {}, {}, nil
  if before then
    old = texts_of(form, before, key) or old -- what cannot be indexed was not
  end
  if after then
    new, reason = texts_of(form, after, key)
    if not new then
      refuse('unindexable', after, reason, key)
    end
    if sub and string.find(sub, ':', 1, true) and string.find(key, '\0', 1, true) then
      refuse('unindexable', after, 'the layout of limpyd 2 cannot index what is under a sub-key with a colon', key)
    end
  end
  if (kind == 'num' or kind == 'geo') and new[1] then
    if new[2] then
      refuse('unindexable', after, 'this index keeps one value of each object', key)
    end
    local entry_key, entry = key_and_entry(kind, key, new[1], sub)
    if kind == 'geo' or not old[1] then
      add_entry(kind, entry_key, entry, pk, number, after, sub)
    elseif old[1] ~= new[1] then
      subject_key = entry_key
      if call('ZADD', entry_key, entry, pk) == 0 then
        undo_with('ZADD', entry_key, old[1], pk)
      else
        undo_with('ZREM', entry_key, pk)
      end
    end
    return
  end
  local stays = {}
  for at = 1, #new do
    stays[new[at]] = true
  end
  for at = 1, #old do
    if not stays[old[at]] then
      local entry_key, entry = key_and_entry(kind, key, old[at], sub)
      remove_entry(kind, entry_key, entry, pk)
    end
    stays[old[at]] = nil
  end
  for at = 1, #new do
    if stays[new[at]] then
      local entry_key, entry = key_and_entry(kind, key, new[at], sub)
      add_entry(kind, entry_key, entry, pk, number, after, sub)
    end
  end
end
-- library/composite_entry.lua
local read_parts = {}

local function parts_of_composite(spec)
  if not read_parts[spec] then
    local texts, at = {}, string.byte(spec) == 58 and 2 or 1
    while at <= #spec do
      local colon = string.find(spec, ':', at, true)
      local last = colon + tonumber(string.sub(spec, at, colon - 1))
      texts[#texts + 1] = string.sub(spec, colon + 1, last)
      at = last + 1
    end
    read_parts[spec] = texts
  end
  return read_parts[spec]
end

local function composite_entry(spec, pk, kind)
  local parts, texts = parts_of_composite(spec), {}
  for at = 1, #parts, 4 do
    local value = read_value(parts[at + 1], placed(parts[at], pk), parts[at + 2])
    if not value then
      return nil
    end
    local text, reason = normal_form(parts[at + 3], value)
    if not text then
      return nil, value, reason
    end
    texts[#texts + 1] = text
  end
  if kind == '&scored' then
    return texts[2] .. ':' .. texts[1]
  end
  if string.byte(spec) == 58 then
    return table.concat(texts, ':')
  end
  for at = 1, #texts do
    texts[at] = #texts[at] .. ':' .. texts[at]
  end
  return table.concat(texts)
end
-- library/composites.lua
local composites, noted_composites = {}, {}

local function note_composites(first_index, last_index, pk)
  while last_index >= first_index and string.byte(ARGV[last_index - 2]) == 38 do
    local kind, spec, key = ARGV[last_index - 2], ARGV[last_index - 1], ARGV[last_index]
    local of_key = noted_composites[key] or {}
    noted_composites[key] = of_key
    if not of_key[pk] then
      of_key[pk] = true
      composites[#composites + 1] =
        { kind = kind, spec = spec, key = key, pk = pk, set = owners_set, before = composite_entry(spec, pk, kind) or false }
    end
    last_index = last_index - 3
  end
  return last_index
end

local function forget_composites()
  composites, noted_composites = {}, {}
end

local function follow_composites()
  local composites = composites -- as they are now; what is noted from here on is another matter
  forget_composites()
  for at = 1, #composites do
    local one = composites[at]
    local after, value, reason = composite_entry(one.spec, one.pk, one.kind)
    if reason then
      refuse('unindexable', value, reason, one.key)
    end
    one.after = after or false
    if one.before and one.before ~= one.after then
      remove_entry(string.sub(one.kind, 2), one.key, one.before, one.pk)
    end
  end
  for at = 1, #composites do
    local one = composites[at]
    if one.after and one.before ~= one.after then
      owners_set = one.set
      add_entry(string.sub(one.kind, 2), one.key, one.after, one.pk, one.key, one.after)
    end
  end
end
  return {
    change_value = change_value,
    composite_entry = composite_entry,
    follow_composites = follow_composites,
    forget_composites = forget_composites,
    note_composites = note_composites,
    parts_of_composite = parts_of_composite,
    texts_of = texts_of,
  }
end

local upkeep = false
-- library/follow_value.lua
local function follow_value(first_index, last_index, before, after, pk, number)
  for index = first_index, last_index, 3 do
    local kind, form, index_key = ARGV[index], ARGV[index + 1], ARGV[index + 2]
    if kind == 'inv' then
      if after and not before then
        add_entry(kind, index_key, form, pk)
      elseif before and not after then
        remove_entry(kind, index_key, form, pk)
      end
    elseif form == 'text' and (kind == 'eq' or kind == 'uniq') then
      if before then
        remove_entry(kind, index_key, before, pk)
      end
      if after then
        add_entry(kind, index_key, after, pk, number, after)
      end
    else
      upkeep = upkeep or make_upkeep()
      upkeep.change_value(kind, form, index_key, before, after, pk, number)
    end
  end
end
-- library/steps.lua
local function run_steps(pk, at, last, outcome, always_kept, making)
  local done, stored_any = 0, false
  while at <= last do
    local prefix, stored, sub = ARGV[at], ARGV[at + 1], ARGV[at + 2]
    local first_index, last_index = at + 4, at + 3 + 3 * ARGV[at + 3]
    local command = ARGV[last_index + 1]
    local first_arg, last_arg = last_index + 3, last_index + 2 + ARGV[last_index + 2]
    local key = placed(prefix, pk)
    local indexed = last_index > first_index
    if indexed and string.byte(ARGV[last_index - 2]) == 38 then
      upkeep = upkeep or make_upkeep()
      last_index = upkeep.note_composites(first_index, last_index, pk)
    end
    local kept = indexed or always_kept or goes_on or done > 0 or last_arg < last
    local before = kept and read_value(stored, key, sub)
    local may_expire = goes_on or not indexed or ARGV[first_index] == 'inv' and last_index == first_index + 2
    local expires = before and may_expire and expiry_of(stored, key, sub)
    subject_key = key
    done = done + 1
    local reply = call(command, key, unpack(ARGV, first_arg, last_arg))
    if kept then
      undo_write(stored, key, sub, before, expires)
    end
    outcome[done + 2] = exactly(reply, kept, command, key, sub)
    if indexed then
      local after = read_value(stored, key, sub)
      if before ~= after then
        follow_value(first_index, last_index, before, after, pk, done - 1)
      end
    end
    if making and not stored_any then
      stored_any = call('EXISTS', key) == 1
    end
    at = last_arg + 1
  end
  return stored_any
end

return atomically(function()
  local pk = ARGV[1]
  if KEYS[2] then
    pk = mint()
  else
    subject_key = KEYS[1]
    if call('SISMEMBER', KEYS[1], pk) == 0 then
      refuse('gone')
    end
  end

  local outcome = { 'ok', pk }
  local stored_any = run_steps(pk, 2, #ARGV, outcome, false, KEYS[2])
  if upkeep then
    upkeep.follow_composites()
  end
  if KEYS[2] and not stored_any then
    outcome[2] = false
    take_back(outcome)
  end
  return outcome
end)

