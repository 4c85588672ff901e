-- Reads the values that objects are sorted by.
-- @requires ask_for call key_from_template no_number
-- @provides number_of values_of

-- The number that a text is compared as; nothing for NaN, which has no position in an order.
local function number_of(text, pk, key)
  local number = tonumber(text)
  if number == nil then
    no_number(text, pk, key)
  end
  return number == number and number or nil
end

-- Reads a value of each of some objects; false where there is none. An object that comes again is read once.
local function read_each(place, pks)
  local texts, known, prefix, stored = {}, {}, place.prefix, place.stored
  local in_hash = stored == 'entry' or stored == 'hash' or stored == 'related' and place.sub ~= ''
  local command = (stored == 'string' or stored == 'related') and 'GET' or stored
  local is_plain = not string.find(prefix, '\0', 1, true)
  for at = 1, #pks do
    local pk = pks[at]
    local text = pk and known[pk]
    if text == nil then
      local object_key = is_plain and prefix .. pk or key_from_template(prefix, pk)
      text = in_hash and call('HGET', object_key, place.sub) or not in_hash and call(command, object_key)
      text = type(text) == 'number' and string.format('%.0f', text) or text
      known[pk] = text
    end
    texts[at] = text
  end
  return texts
end

-- Returns the values of a sort key for some objects: texts, and numbers too if it compares numbers; false for an object
-- without a value.
local function values_of(key, pks)
  local texts, stored = {}, key.stored
  if stored == 'pk' then
    texts = pks
  elseif stored == 'score' or key.numeric and key.index then
    texts = ask_for('ZMSCORE', key.index or key.prefix, pks)
  else
    local place, owners = key, pks
    while place.stored == 'related' do
      place, owners = place.of_other, read_each(place, owners)
    end
    texts = read_each(place, owners)
  end
  if not key.numeric then
    return texts
  end
  local numbers = {}
  for at = 1, #pks do
    numbers[at] = texts[at] and number_of(texts[at], pks[at], key) or false
  end
  return texts, numbers
end
