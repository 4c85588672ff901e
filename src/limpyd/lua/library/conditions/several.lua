-- Condition: membership in one of several sets or sorted sets.
-- @requires SLICE as_set ask_for call distinct keep_in positions_of
-- @provides in_several

local FEW = 8 -- up to this many sets are asked one by one; for more it is faster to read an object's values

-- Returns the node. `several` has `keys`; `card` and `ask`, the commands; `union(first, last)`, the members of some
-- keys; `scan(key, where, count)`, a part of one key; `more`, true if keys follow that are not sent; `repeats`, true if
-- an object may be in more than one; and if its values can be read, `position_of(pk)`, the first key that it is in.
local function in_several(several)
  local keys, cards = several.keys, {}
  local union, position_of = several.union, several.position_of

  local function card(number)
    cards[number] = cards[number] or call(several.card, keys[number])
    return cards[number]
  end
  local known_size
  local function size_of()
    if not known_size then
      known_size = 0
      for number = 1, #keys do
        known_size = known_size + card(number)
      end
    end
    return known_size
  end

  local function list()
    local all = {}
    for first = 1, #keys, SLICE do
      local found = union(first, math.min(first + SLICE - 1, #keys))
      for number = 1, #found do
        all[#all + 1] = found[number]
      end
    end
    return #keys > SLICE and distinct(all) or all
  end

  -- Returns the set of those primary keys that are in the first keys.
  local function met_by(last, pks)
    local met = {}
    for number = 1, last do
      local replies = ask_for(several.ask, keys[number], pks)
      for at = 1, #replies do
        if replies[at] and replies[at] ~= 0 then
          met[pks[at]] = true
        end
      end
    end
    return met
  end

  local function keep(pks)
    if #keys > 1 and size_of() < (position_of and math.min(#keys, FEW) or #keys) * #pks then
      return keep_in(as_set(list()), pks)
    elseif not position_of or #keys <= FEW then
      return keep_in(met_by(#keys, pks), pks)
    end
    local kept = {}
    for at = 1, #pks do
      if position_of(pks[at]) then
        kept[#kept + 1] = pks[at]
      end
    end
    return kept
  end

  -- Keeps the primary keys that are in none of the first keys, so that they come for the first time.
  local function new_after(done, pks)
    if done == 0 or not several.repeats then
      return pks
    end
    local met, kept = done <= FEW and met_by(done, pks), {}
    for at = 1, #pks do
      local known = met and met[pks[at]] or not met and (position_of(pks[at]) or math.huge) <= done
      if not known then
        kept[#kept + 1] = pks[at]
      end
    end
    return kept
  end

  local function scan(cursor, count)
    local found, looked = {}, 0
    local done, inner = positions_of(cursor)
    while done < #keys and looked < count do
      local before, last, entries, pks, scanned = done, done, 0, nil, nil
      while inner == '' and last < #keys and last < done + SLICE and entries + card(last + 1) <= count - looked do
        last = last + 1
        entries = entries + card(last) + 1
      end
      if last > done then
        pks, done = union(done + 1, last), last
      else
        pks, inner, scanned = several.scan(keys[done + 1], inner, count - looked)
        entries = scanned or #pks
        done = inner == '' and done + 1 or done
      end
      looked = looked + math.max(1, entries)
      pks = new_after(before, pks)
      for at = 1, #pks do
        found[#found + 1] = pks[at]
      end
    end
    local ended = done >= #keys and inner == '' and not several.more
    return found, ended and '' or 'v' .. done .. ';' .. inner, looked
  end

  local can_scan = not several.was_read and (position_of or not several.repeats or #keys <= FEW)
  local node = { value_count = #keys, list = list, keep = keep, scan = can_scan and scan or nil }
  -- It takes a command for each key, so it is found when it is first asked for.
  return setmetatable(node, {
    __index = function(_, name)
      if name == 'size' then
        return size_of()
      elseif name == 'cost' then
        return #keys == 1 and size_of() or size_of() + #keys
      end
    end,
  })
end
