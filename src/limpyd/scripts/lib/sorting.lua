-- Puts objects in order by the values of fields.
--
-- What ARGV says: a count of keys, and of each: where the value is (prefix, stored, sub-key; stored may also be
-- `pk`, the primary key itself, or `score`, that in the sorted set whose name is the prefix), as what it is
-- compared (`number` or `text`), '1' if from the largest to the smallest, '1' if what has no value comes first, and
-- the index that is in this order, or ''.
--
-- What has no value comes last, or first. Of equal values the primary keys decide, by their bytes, in the direction of the
-- last key.

local function read_sort_keys(at)
  local keys, count = {}, tonumber(ARGV[at])
  at = at + 1
  for number = 1, count do
    keys[number] = {
      prefix = ARGV[at],
      stored = ARGV[at + 1],
      sub = ARGV[at + 2],
      numeric = ARGV[at + 3] == 'number',
      down = ARGV[at + 4] == '1',
      missing_first = ARGV[at + 5] == '1',
      index = ARGV[at + 6] ~= '' and ARGV[at + 6] or nil,
    }
    at = at + 7
  end
  return keys, at
end

local compared, rank_of, sorted, rows_in_range

-- They are made when they are needed: functions are made anew for each script that runs.
local function make_sorting()
  -- What a sort key compares of some objects: texts, and of numbers the doubles; nothing where there is no value.
  function compared(key, pks)
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
    if not key.numeric then
      return texts, texts
    end
    for pk, text in pairs(texts) do
      local number = tonumber(text)
      if number == nil then
        error({ err = 'ERR limpyd: the value ' .. text .. ' of ' .. pk .. ' is no number; sort with alpha=True' })
      end
      numbers[pk] = number == number and number or nil -- NaN is no place in an order
    end
    return texts, numbers
  end

  -- A function that tells whether one object comes before another, for objects whose values were noted; `false` is
  -- the one that a cursor stands for.
  local function order_of(keys, noted, cursor_pk)
    return function(a, b)
      for at = 1, #keys do
        local key, note = keys[at], noted[at]
        local one, other = note.values[a], note.values[b]
        if one == nil or other == nil then
          if one ~= other then
            return (other == nil) ~= key.missing_first
          end
        elseif one ~= other then
          local before
          if key.numeric then
            before = one < other
          else
            before = comes_before(one, other)
          end
          return before ~= key.down
        elseif key.numeric and note.texts[a] ~= note.texts[b] then
          if less_by_digits(note.texts[a], note.texts[b]) then
            return not key.down
          elseif less_by_digits(note.texts[b], note.texts[a]) then
            return key.down
          end
        end
      end
      a, b = a or cursor_pk, b or cursor_pk
      return a ~= b and comes_before(a, b) ~= keys[#keys].down
    end
  end

  -- How many entries of an index come before a cursor; and with it, if `included`.
  function rank_of(key, cursor, included)
    local text, pk = cursor.texts[1], cursor.pk
    if not key.numeric then
      local member = string.gsub(text, '%z', '\0\255') .. '\0\0' .. pk
      return call('ZLEXCOUNT', key.index, '-', (included and '[' or '(') .. member)
    end
    -- Of equal numbers the primary keys decide; they stand in their order.
    local low = call('ZCOUNT', key.index, '-inf', '(' .. text)
    local high = call('ZCOUNT', key.index, '-inf', text)
    while low < high do
      local middle = math.floor((low + high) / 2)
      local there = call('ZRANGE', key.index, middle, middle)[1]
      if comes_before(there, pk) or included and there == pk then
        low = middle + 1
      else
        high = middle
      end
    end
    return low
  end

  local function note_all(keys, pks)
    local noted = {}
    for at = 1, #keys do
      local texts, values = compared(keys[at], pks)
      noted[at] = { texts = texts, values = values }
    end
    return noted
  end

  -- The first of some objects in an order, sorted; all of them if so many are wanted.
  local function first_of(pks, before, wanted)
    if wanted >= #pks / 4 then
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
    local pks = node.list()
    local noted = note_all(keys, pks)
    local before = order_of(keys, noted, cursor and cursor.pk)
    if cursor then
      for at = 1, #keys do
        noted[at].texts[CURSOR] = cursor.texts[at]
        noted[at].values[CURSOR] = cursor.texts[at] and keys[at].numeric and tonumber(cursor.texts[at]) or cursor.texts[at]
      end
      local later = {}
      for at = 1, #pks do
        if before(CURSOR, pks[at]) then
          later[#later + 1] = pks[at]
        end
      end
      pks = later
    end
    return first_of(pks, before, wanted == 0 and #pks or wanted)
  end

  -- Who is not in the index that is walked has no value, and comes last.
  local function without_value(node, key, cursor)
    local pks, missing, down = node.list(), {}, key.down
    local function note(pk)
      if not cursor or pk ~= cursor.pk and comes_before(cursor.pk, pk) ~= down then
        missing[#missing + 1] = pk
      end
    end
    if key.numeric then
      local scores = ask_for('ZMSCORE', key.index, pks)
      for at = 1, #scores do
        if not scores[at] then
          note(pks[at])
        end
      end
    else
      for at = 1, #pks do
        if not values_in(key, pks[at])[1] then
          note(pks[at])
        end
      end
    end
    table.sort(missing, function(a, b)
      return a ~= b and comes_before(a, b) ~= down
    end)
    return missing
  end

  -- The condition on the very index that is in order, if there is one; and the others, as nodes.
  local function bound_by(node, key)
    local parts, bound, others = node.parts or { node }, nil, {}
    for at = 1, #parts do
      local walk = parts[at].walk
      if not bound and parts[at].ranks and walk and walk.key == key.index then
        bound = parts[at]
      else
        others[#others + 1] = parts[at]
      end
    end
    return bound, others
  end

  -- Walks an index in order and keeps what the query finds, until enough are found. It gives up, with nothing, once
  -- it has looked at more than gathering would have cost.
  local function walked(key, bound, others, wanted, cursor, most)
    local first, last = 0, call('ZCARD', key.index) - 1
    if bound then
      first = bound.ranks()
      last = first + bound.size - 1
    end
    if cursor and key.down then
      last = math.min(last, rank_of(key, cursor, false) - 1)
    elseif cursor then
      first = math.max(first, rank_of(key, cursor, true))
    end
    local found, looked, size = {}, 0, wanted
    while #found < wanted and first <= last do
      local pks
      if key.down then
        pks = call('ZREVRANGE', key.index, key.total - 1 - last, key.total - 1 - math.max(first, last - size + 1))
        last = last - size
      else
        pks = call('ZRANGE', key.index, first, math.min(last, first + size - 1))
        first = first + size
      end
      looked = looked + #pks
      if not key.numeric then
        for at = 1, #pks do
          pks[at] = pk_of_text(pks[at])
        end
      end
      for at = 1, #others do
        pks = others[at].keep(pks)
      end
      for at = 1, math.min(#pks, wanted - #found) do
        found[#found + 1] = pks[at]
      end
      if #found < wanted and looked > most and first <= last then
        return nil
      end
      size = math.max(size, 50) * 2
    end
    return found
  end

  -- The first objects that a query finds, in order, after a cursor if there is one; all of them if `wanted` is 0.
  function sorted(node, keys, wanted, cursor)
    local key = keys[1]
    if #keys > 1 or not key.index then
      return gathered(node, keys, wanted, cursor), 'gather'
    end
    local bound, others = bound_by(node, key)
    local everything, passing = call('SCARD', KEYS[1]), nil
    passing = everything
    for at = 1, #others do
      passing = math.min(passing, others[at].size or everything)
    end
    key.total = call('ZCARD', key.index)
    local all_wanted = wanted == 0
    if all_wanted then
      wanted = bound and bound.size or everything
    end
    -- Walking looks at about so many objects for those wanted, as the others let through.
    local gather_cost = math.min(passing, bound and bound.size or passing)
    if #others > 0 and gather_cost * passing < wanted * everything then
      return gathered(node, keys, all_wanted and 0 or wanted, cursor), 'gather'
    end
    local found = {}
    if key.missing_first and not bound and key.total < everything then
      return gathered(node, keys, all_wanted and 0 or wanted, cursor), 'gather'
    elseif not cursor or cursor.texts[1] then
      found = walked(key, bound, others, wanted, cursor, 2 * gather_cost + 100)
      cursor = nil
    end
    if not found then
      return gathered(node, keys, all_wanted and 0 or wanted, cursor), 'gather'
    end
    if #found < wanted and not bound and (key.total < everything or cursor) then
      for _, pk in ipairs(without_value(node, key, cursor)) do
        found[#found + 1] = pk
      end
    end
    return found, 'walk'
  end

  -- The rows of a page of one range of an index, in its order, which SORT reads faster than a script could; nothing
  -- where the query asks for anything else. What tells SORT
  -- the columns stands in ARGV between two positions.
  function rows_in_range(request, first_get, last_get)
    local key, offset, limit = request.keys[1], request.offset, request.limit
    local bound, others = bound_by(request.node, key)
    if #request.keys > 1 or not key.index or not bound or #others > 0 or not key.numeric then
      return nil
    end
    local count = math.max(math.min(limit > 0 and limit or bound.size, bound.size - offset), 0)
    if count == 0 then
      return {}
    end
    local first = bound.ranks()
    if key.down then
      local before = call('ZCARD', key.index) - first - bound.size
      local start = before + offset
      return call('SORT_RO', key.index, 'BY', 'nosort', 'DESC', 'LIMIT', start, count, unpack(ARGV, first_get, last_get))
    end
    return call('SORT_RO', key.index, 'BY', 'nosort', 'LIMIT', first + offset, count, unpack(ARGV, first_get, last_get))
  end
end
