-- Sorting by reading the values of all that is found.
-- @requires ask_for comes_before less_by_digits no_number values_in
-- @provides compared gathered

-- The first bytes of a text as a number: most texts differ in them, and numbers are compared at once.
local function head_of(text)
  local a, b, c, d, e, f = string.byte(text, 1, 6)
  return (((((a or 0) * 256 + (b or 0)) * 256 + (c or 0)) * 256 + (d or 0)) * 256 + (e or 0)) * 256 + (f or 0)
end

-- The number that a text is compared as; nothing for NaN, which has no place in an order.
local function number_of(text, pk, key)
  local number = tonumber(text)
  if number == nil then
    no_number(text, pk, key)
  end
  return number == number and number or nil
end

-- What a sort key compares of some objects: texts, and numbers of them; nothing where there is no value.
local function compared(key, pks)
  local texts, numbers = {}, {}
  if key.stored == 'pk' then
    for at = 1, #pks do
      texts[pks[at]] = pks[at]
    end
  elseif key.stored == 'score' or key.numeric and key.index then
    local scores = ask_for('ZMSCORE', key.index or key.prefix, pks)
    for at = 1, #scores do
      texts[pks[at]] = scores[at] or nil
    end
  else
    for at = 1, #pks do
      texts[pks[at]] = values_in(key, pks[at])[1]
    end
  end
  for pk, text in pairs(texts) do
    if key.numeric then
      numbers[pk] = number_of(text, pk, key)
    else
      numbers[pk] = head_of(text)
    end
  end
  return texts, numbers
end

-- A function that tells whether one object comes before another, for objects whose values were noted; `false` is
-- the one that a cursor stands for.
local function order_of(keys, noted, cursor_pk)
  local last = #keys
  local last_down = keys[last].down
  return function(a, b)
    for at = 1, last do
      local key, note = keys[at], noted[at]
      local one, other = note.numbers[a], note.numbers[b]
      if one ~= other then
        if one == nil or other == nil then
          return (other == nil) ~= key.missing_first
        end
        return (one < other) ~= key.down
      end
      local text, other_text = note.texts[a], note.texts[b]
      if one and text ~= other_text then
        local less = key.numeric and less_by_digits or comes_before
        if less(text, other_text) then
          return not key.down
        elseif less(other_text, text) then
          return key.down
        end
      end
    end
    a, b = a or cursor_pk, b or cursor_pk
    return a ~= b and comes_before(a, b) ~= last_down
  end
end

-- The first of some objects in an order, sorted; all of them if so many are wanted.
local function first_of(pks, before, wanted)
  if wanted >= #pks / 100 then
    table.sort(pks, before)
    return pks
  end
  local best = {}
  for at = 1, #pks do
    local pk = pks[at]
    if #best < wanted or before(pk, best[#best]) then
      local low, high = 1, #best + 1
      while low < high do
        local middle = math.floor((low + high) / 2)
        if before(pk, best[middle]) then
          high = middle
        else
          low = middle + 1
        end
      end
      table.insert(best, low, pk)
      if #best > wanted then
        best[#best] = nil
      end
    end
  end
  return best
end

local CURSOR = false

-- Gathers everything that is found, after the cursor if there is one, and sorts it.
local function gathered(node, keys, wanted, cursor)
  local pks, noted = node.list(), {}
  for at = 1, #keys do
    local texts, numbers = compared(keys[at], pks)
    noted[at] = { texts = texts, numbers = numbers }
    local text = cursor and cursor.texts[at]
    if text then
      texts[CURSOR] = text
      numbers[CURSOR] = keys[at].numeric and number_of(text, cursor.pk, keys[at]) or not keys[at].numeric and head_of(text) or nil
    end
  end
  local before = order_of(keys, noted, cursor and cursor.pk)
  if cursor or keys[1].left_out then
    local values, kept = noted[1].numbers, {}
    for at = 1, #pks do
      if not (keys[1].left_out and values[pks[at]] == nil) and not (cursor and not before(CURSOR, pks[at])) then
        kept[#kept + 1] = pks[at]
      end
    end
    pks = kept
  end
  return first_of(pks, before, wanted == 0 and #pks or wanted)
end
