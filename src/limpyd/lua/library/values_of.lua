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

-- Returns the values of a sort key for some objects: texts, and numbers too if it compares numbers; false for an object
-- without a value.
local function values_of(key, pks)
  local texts, stored = {}, key.stored
  if stored == 'pk' then
    texts = pks
  elseif stored == 'score' or key.numeric and key.index then
    texts = ask_for('ZMSCORE', key.index or key.prefix, pks)
  else
    local prefix, in_hash = key.prefix, stored ~= 'string'
    local is_plain = not string.find(prefix, '\0', 1, true)
    for at = 1, #pks do
      local object_key = is_plain and prefix .. pks[at] or key_from_template(prefix, pks[at])
      texts[at] = in_hash and call('HGET', object_key, key.sub) or not in_hash and call('GET', object_key)
    end
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
