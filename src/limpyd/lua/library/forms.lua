-- Forms: what an index keeps of a stored value. The same as in limpyd/indexes/forms.py.
--
-- A form has a name; `a|b` is b after a. What begins with `?` only Python knows whole: it tells what it makes
-- of some values (see limpyd/indexes/asked.py), and is asked for others (see library/atomic).
-- @requires asked from_hex
-- @provides normal_form texts_of

-- Made when it is first needed: most writes need no form, and functions are made anew for each script that runs.
local function make_forms()
  -- @defers is_apart
  local SMALLEST_NORMAL, LARGEST_EXACT, DIGITS_KEPT = 2.2250738585072014e-308, '9007199254740992', 15
  local NO_NUMBER, TOO_FAR = 'it is no number', 'it is too large or too small for a number index'
  local DAYS_BEFORE = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 }
  local FIRST_OF_1970 = 719163 -- the number of its day

  local function as_score(number)
    return number == 0 and '0' or string.format('%.17g', number)
  end

  -- Not by a pattern: one that ends in '0+$' takes a time quadratic in the zeros it meets on its way.
  local function without_last_zeros(digits)
    local last = #digits
    while last > 0 and string.byte(digits, last) == 48 do
      last = last - 1
    end
    return string.sub(digits, 1, last)
  end

  -- The digits of a number before its point and after it, and its exponent; nil if it is none.
  local function parts_of(value)
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

  -- Seconds since midnight, and microseconds beyond.
  local function time_of(hour, minute, second, fraction)
    hour, minute, second = tonumber(hour), tonumber(minute), tonumber(second)
    if hour > 23 or minute > 59 or second > 59 then
      return nil
    end
    return (hour * 60 + minute) * 60 + second, tonumber(string.sub(fraction .. '000000', 1, 6))
  end

  -- The fraction of a second that stands between two positions, with its point; nil if it is none.
  local function fraction_in(value, first, last)
    local text = string.sub(value, first, last)
    return text == '' and '' or #text <= 7 and string.match(text, '^%.(%d+)$')
  end

  local forms = {}

  function forms.text(value)
    return value
  end

  function forms.float(value)
    if value == 'inf' or value == '-inf' or value == 'nan' or not parts_of(value) then
      return value
    end
    return as_score(tonumber(value))
  end

  function forms.decimal(value)
    if string.match(value, '^%-?%d+%.%d+$') then
      value = without_last_zeros(value)
      value = string.byte(value, #value) == 46 and string.sub(value, 1, -2) or value
    end
    return value == '-0' and '0' or value
  end

  function forms.exact(value)
    local whole, fraction, exponent = parts_of(value)
    if not whole then
      return nil, NO_NUMBER
    end
    fraction = without_last_zeros(fraction)
    local first = string.find(whole .. fraction, '[1-9]')
    if not first then
      return '0'
    end
    local digits, number = string.sub(whole .. fraction, first), tonumber(value)
    if math.abs(number) < SMALLEST_NORMAL or math.abs(number) == math.huge then
      return nil, TOO_FAR
    end
    local is_exact = fraction == '' and exponent == '' and (#digits < 16 or #digits == 16 and digits <= LARGEST_EXACT)
    if #without_last_zeros(digits) > DIGITS_KEPT and not is_exact then
      return nil, 'a number index keeps 15 digits, or integers up to 2**53, and rounds nothing'
    end
    return as_score(number)
  end

  function forms.double(value)
    if value == 'inf' or value == '+inf' then
      return 'inf'
    elseif value == '-inf' then
      return '-inf'
    elseif not parts_of(value) then
      return nil, value == 'nan' and 'NaN has no place among numbers' or NO_NUMBER
    end
    return as_score(tonumber(value))
  end

  -- The number that Python reads in a text: an integer, if a double is that integer, or a float.
  function forms.numeral(value)
    local score, reason = forms.double(value)
    local whole, fraction, exponent = parts_of(value)
    if not whole then
      return score, reason -- infinite; or no number
    end
    local number = math.abs(tonumber(value))
    if number == math.huge or number == 0 and string.find(whole .. fraction, '[1-9]') then
      return nil, TOO_FAR
    end
    local is_integer = exponent == '' and not string.find(value, '.', 1, true)
    if is_integer and string.format('%.0f', number) ~= string.match(whole, '^0*(%d+)$') then
      return nil, 'a number index keeps integers that a double can be, such as all up to 2**53, and rounds none'
    end
    return score
  end

  function forms.days(value)
    local year, month, day = string.match(value, '^(%d%d%d%d)%-(%d%d)%-(%d%d)$')
    local number = year and day_of(year, month, day)
    if not number then
      return nil, 'it is no date (YYYY-MM-DD)'
    end
    return string.format('%.0f', number)
  end

  function forms.clock(value)
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

  function forms.moment(value)
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
    -- Whole seconds in microseconds are exact for any year; the sum may not be.
    local whole = ((number - FIRST_OF_1970) * 86400 + seconds) * 1000000
    if whole + microseconds - whole ~= microseconds then
      return nil, 'so far from 1970 a number index cannot keep microseconds; use TextRangeIndex'
    end
    return string.format('%.0f', whole + microseconds)
  end

  -- As limpyd 2 keeps numbers: 0 for what is none, and rounded.
  function forms.loose(value)
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
    return parts_of(text) and as_score(tonumber(text)) or '0'
  end

  function forms.casefold(value)
    if string.find(value, '[\128-\255]') then
      return nil, 'only Python can fold the case of what is not ASCII', true
    end
    return string.lower(value)
  end

  -- What one form after the other makes; a third result tells that only Python knows.
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

  -- What Python told: of each value its texts, or the reason why there is none.
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

  -- Notes what only Python can tell. The step goes on, to find out all that is to be asked, and is taken back then.
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

-- What an index keeps of a value: a text; or a table, if there may be several texts or none; or nil, and why
-- it cannot be indexed. `key` is that of the index, in case Python has to be asked.
local function normal_form(form, value, key)
  if form == 'text' then
    return value
  end
  formed = formed or make_forms()
  return formed(form, value, key)
end

-- The same, always as a table.
local function texts_of(form, value, key)
  local texts, reason = normal_form(form, value, key)
  if type(texts) == 'string' then
    return { texts }
  end
  return texts, reason
end
