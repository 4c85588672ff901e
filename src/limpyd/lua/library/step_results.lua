-- Inserts results of the earlier requests of a transaction into the arguments of a later one, as the texts that Python
-- would send for them.
--
-- Each use of a result is:
--   position     the position of the argument, from 1 on
--   request      the number of the request whose result it is, from 0 on
--   item         the position of the result in the reply of its script, from 1 on; 0 if it is the reply
--   conversions  the names of the functions that make the text, separated by `|`
-- A result that cannot be a value has the outcome 'result', the number of its request, and the reason: 'none', or
-- 'number' or 'utf8' and the text (see lua/library/journal.lua).
-- @requires form_decimal refuse
-- @provides put_step_results

local sequences = {
  '^[%z\1-\127]+',
  '^[\194-\223][\128-\191]',
  '^\224[\160-\191][\128-\191]',
  '^[\225-\236\238\239][\128-\191][\128-\191]',
  '^\237[\128-\159][\128-\191]',
  '^\240[\144-\191][\128-\191][\128-\191]',
  '^[\241-\243][\128-\191][\128-\191][\128-\191]',
  '^\244[\128-\143][\128-\191][\128-\191]',
}

local function is_utf8(text)
  local at = 1
  while at <= #text do
    local last
    for number = 1, #sequences do
      last = last or select(2, string.find(text, sequences[number], at))
    end
    if not last then
      return false
    end
    at = last + 1
  end
  return true
end

-- Returns the fewest digits that are read back as a positive number, and its decimal exponent.
local function shortest_digits(number)
  for precision = 0, 16 do
    local text = string.format('%.' .. precision .. 'e', number)
    local first, rest, exponent = string.match(text, '^(%d)%.?(%d*)e(.*)$')
    if tonumber(text) == number then
      return first .. rest, tonumber(exponent)
    end
    -- Above a power of two, the next larger digits may be read back when the nearest are not.
    local digits = first .. rest
    local last = string.byte(digits, #digits)
    if last < 57 then
      digits = string.sub(digits, 1, -2) .. string.char(last + 1)
      if tonumber(string.sub(digits, 1, 1) .. '.' .. string.sub(digits, 2) .. 'e' .. exponent) == number then
        return digits, tonumber(exponent)
      end
    end
  end
end

-- Returns a number as Python writes it, with `.0` or without.
local function python_float(text, ending)
  local number = string.find(text, '^[%d+.eE-]+$') and tonumber(text)
  local name = string.match(string.lower(text), '^[+-]?(inf)$') or string.match(string.lower(text), '^[+-]?(nan)$')
  local sign = string.sub(text, 1, 1) == '-' and name ~= 'nan' and '-' or ''
  if name then
    return sign .. name
  elseif not number then
    return nil
  elseif number == 0 then
    return sign .. '0' .. ending
  end
  local digits, exponent = shortest_digits(math.abs(number))
  if exponent < -4 or exponent >= 16 then
    local fraction = #digits > 1 and '.' .. string.sub(digits, 2) or ''
    return sign .. string.sub(digits, 1, 1) .. fraction .. string.format('e%+03d', exponent)
  elseif exponent < 0 then
    return sign .. '0.' .. string.rep('0', -exponent - 1) .. digits
  elseif #digits <= exponent + 1 then
    return sign .. digits .. string.rep('0', exponent + 1 - #digits) .. ending
  end
  return sign .. string.sub(digits, 1, exponent + 1) .. '.' .. string.sub(digits, exponent + 2)
end

-- Each returns the text; or nil and the reason why there is none.
local conversions = {
  flag = function(reply)
    return (not reply or reply == 0 or reply == '0') and '0' or '1'
  end,
  int = function(reply)
    if type(reply) == 'number' then
      return string.format('%.0f', reply)
    end
    local sign, digits = string.match(reply, '^([+-]?)0*(%d+)$')
    return digits and (sign == '-' and digits ~= '0' and '-' or '') .. digits, 'number'
  end,
  float = function(text)
    return python_float(text, ''), 'number'
  end,
  point = function(text)
    return python_float(text, '.0'), 'number'
  end,
  canonical_float = function(text)
    return text == '-0' and '0' or text
  end,
  canonical_decimal = form_decimal,
  utf8 = function(text)
    return is_utf8(text) and text or nil, 'utf8'
  end,
  minus = function(text)
    local rest = string.match(text, '^-(.*)$')
    return rest or tonumber(text) == 0 and text or '-' .. text
  end,
}

-- Returns the text that some conversions make of the reply to an earlier request.
local function text_of_result(reply, names, number)
  if not reply and not string.find(names, '^flag') then
    refuse('result', number, 'none')
  end
  for name in string.gmatch(names, '[^|]+') do
    local text, reason = conversions[name](reply)
    if not text then
      refuse('result', number, reason, reply)
    end
    reply = text
  end
  return reply
end

-- Puts the results whose uses are in a list of arguments, from one position to another, among the arguments that begin
-- at a third position.
local function put_step_results(args, from, to, first, replies)
  for at = from, to, 4 do
    local number, item = tonumber(args[at + 1]), tonumber(args[at + 2])
    local reply = replies[number + 2]
    if item > 0 then
      reply = reply[item]
    end
    args[first + args[at] - 1] = text_of_result(reply, args[at + 3], number)
  end
end
