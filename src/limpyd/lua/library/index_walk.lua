-- Sorting by walking an index that is in order.
-- @requires ask_for call comes_before gathered pk_of_text values_in
-- @provides rank_of sorted way_of

-- How many entries of an index come before a cursor; and with it, if `included`.
local function rank_of(key, cursor, included)
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

-- How a query is best put in order: 'walk' or 'gather'; and for walking the condition that bounds it, the others, how
-- many objects are wanted, and how many it may look at.
local function way_of(node, keys, wanted)
  local key = keys[1]
  if #keys > 1 or not key.index then
    return 'gather'
  end
  local bound, others = bound_by(node, key)
  local everything = call('SCARD', KEYS[1])
  local passing = everything
  for at = 1, #others do
    passing = math.min(passing, others[at].size or everything)
  end
  key.total = call('ZCARD', key.index)
  local complete = bound or key.total >= everything or key.left_out
  -- Where it is asked who exists, some of those in the index may not.
  local doubtful = false
  for at = 1, #others do
    doubtful = doubtful or others[at].set == KEYS[1]
    for _, set in ipairs(others[at].joined or {}) do
      doubtful = doubtful or set.set == KEYS[1]
    end
  end
  key.complete = complete and (bound or key.left_out or not doubtful)
  if wanted == 0 then
    wanted = bound and bound.size or everything
  end
  -- Walking looks at about so many objects for those wanted, as the others let through.
  local gather_cost = math.min(passing, bound and bound.size or passing)
  if #others > 0 and gather_cost * passing < wanted * everything or key.missing_first and not complete then
    return 'gather'
  end
  return 'walk', bound, others, wanted, 2 * gather_cost + 100
end

-- The first objects that a query finds, in order, after a cursor if there is one; all of them if `wanted` is 0.
local function sorted(node, keys, wanted, cursor)
  local way, bound, others, at_most, most = way_of(node, keys, wanted)
  if way == 'gather' then
    return gathered(node, keys, wanted, cursor)
  end
  local key, found, among_missing = keys[1], {}, cursor and not cursor.texts[1]
  if not among_missing then
    found = walked(key, bound, others, at_most, cursor, most)
    if not found then
      return gathered(node, keys, wanted, cursor)
    end
  end
  if #found < at_most and not key.complete then
    local missing = without_value(node, key, among_missing and cursor)
    for at = 1, math.min(#missing, at_most - #found) do
      found[#found + 1] = missing[at]
    end
  end
  return found
end
