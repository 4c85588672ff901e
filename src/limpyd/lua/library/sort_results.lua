-- Sorts all objects that a query finds, by reading their values: of each further sort key only where the ones before
-- are equal.
-- @requires by_digits by_ranks by_texts number_of values_of
-- @provides sorted_pks sorted_results

-- Returns the first `wanted` objects in an order, or more, after a cursor if there is one.
local function sorted_pks(pks, keys, wanted, cursor)
  local found = {}
  local last_down = keys[#keys].down
  local function still_wanted()
    return wanted - #found
  end

  local arrange
  -- Sorts some objects by the next key, and by their primary keys after the last one.
  local function taking(pks, level)
    return function(positions, at_cursor)
      if #positions == 1 and not at_cursor then
        found[#found + 1] = pks[positions[1]]
        return #found >= wanted
      end
      local some = {}
      for number = 1, #positions do
        some[number] = pks[positions[number]]
      end
      return arrange(some, level + 1, at_cursor)
    end
  end

  local function by_pk(pks, at_cursor)
    local all = {}
    for at = 1, #pks do
      all[at] = at
    end
    return by_texts(all, pks, last_down, at_cursor and cursor.pk or nil, still_wanted, function(positions, is_cursor)
      if not is_cursor then
        found[#found + 1] = pks[positions[1]]
      end
      return #found >= wanted
    end)
  end

  local function by_numbers(positions, numbers, texts, key, cursor_text, take)
    local sign, signed = key.down and -1 or 1, {}
    for number = 1, #positions do
      signed[number] = sign * numbers[positions[number]]
    end
    local from = cursor_text and sign * number_of(cursor_text, cursor.pk, key)
    return by_ranks(positions, signed, from, still_wanted, function(some, _, is_at_cursor)
      return by_digits(some, texts, key.down, is_at_cursor and cursor_text or nil, take)
    end)
  end

  function arrange(pks, level, at_cursor)
    local key = keys[level]
    if #pks == 0 then
      return false
    elseif not key then
      return by_pk(pks, at_cursor)
    end
    local texts, numbers = values_of(key, pks)
    local valued, missing = {}, {}
    for at = 1, #pks do
      local positions = (numbers or texts)[at] and valued or missing
      positions[#positions + 1] = at
    end
    local take, cursor_text = taking(pks, level), at_cursor and cursor.texts[level] or nil
    local function take_valued()
      if numbers then
        return by_numbers(valued, numbers, texts, key, cursor_text, take)
      end
      return by_texts(valued, texts, key.down, cursor_text, still_wanted, take)
    end
    if key.missing_first then
      return not cursor_text and take(missing, at_cursor) or take_valued()
    elseif at_cursor and not cursor_text then
      return take(missing, true)
    end
    return take_valued() or not key.left_out and take(missing, false)
  end
  arrange(pks, 1, cursor ~= nil)
  return found
end

-- Gathers all objects that a query finds, and returns the first `wanted` in order.
local function sorted_results(node, keys, wanted, cursor)
  local pks = node.list()
  for level = 2, #keys do -- a value that is no number is an error, even where it need not be read
    if keys[level].numeric and not keys[level].index then
      values_of(keys[level], pks)
    end
  end
  return sorted_pks(pks, keys, wanted, cursor)
end
