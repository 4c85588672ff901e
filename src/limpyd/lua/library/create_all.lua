-- Creates many new objects (see lua/library/bulk_input.lua) with few commands: whatever goes to one key is sent
-- together. If anything stands against any of the objects, none is created, and no reason is given (see
-- lua/library/create_one.lua for that).
-- @requires call call_in_slices count_up current_key each_entry each_key is_rounded refuse store_values undo_with
-- @provides create_all

local function give_up()
  refuse('in the way')
end

local function give_pks(objects, minted)
  local pks = {}
  if minted then
    current_key = KEYS[2]
    local last, raised, step, first = count_up(#objects)
    local is_new = last == first + step * (#objects - 1)
    if is_new then
      undo_with('DEL', KEYS[2])
    else
      undo_with('DECRBY', KEYS[2], raised)
    end
    if is_rounded(last) or is_new and call('SCARD', KEYS[1]) > 0 then
      give_up() -- create_one gives each its exact number, after the highest if the counter was lost
    end
    for number = 1, #objects do
      pks[number] = string.format('%.0f', last - step * (#objects - number))
      objects[number].pk = pks[number]
    end
  else
    local seen = {}
    for number = 1, #objects do
      local pk = objects[number].pk
      if seen[pk] then
        give_up()
      end
      seen[pk], pks[number] = true, pk
    end
  end
  current_key = KEYS[1]
  for from = 1, #pks, 1000 do
    local found = call('SMISMEMBER', KEYS[1], unpack(pks, from, math.min(from + 999, #pks)))
    for number = 1, #found do
      if found[number] == 1 then
        give_up()
      end
    end
  end
  return pks
end

local function look_for_keys(objects)
  local keys, count = {}, 0
  local function note(key)
    count = count + 1
    keys[count] = key
  end
  for number = 1, #objects do
    each_key(objects[number], note)
  end
  for from = 1, count, 1000 do
    if call('EXISTS', unpack(keys, from, math.min(from + 999, count))) > 0 then
      give_up()
    end
  end
  return keys
end

-- Returns the new content of each key: primary keys for a set; entries and primary keys in turn for a hash; scores and
-- primary keys in turn for a sorted set. Then the entries of other kinds, one by one. Then the primary keys that are
-- referred to, by the set that must have them.
local function gathered_entries(objects)
  local sets, pairs_of, others, referred, pk = {}, {}, {}, {}, nil
  local owners = {}
  local function gather(index, text)
    local kind, key = index.kind, index.key
    if kind.looks_at_owners then
      give_up() -- create_one looks at the owners
    elseif kind.type == 'set' then
      key = kind.key_of(key, text)
      local set = sets[key]
      if not set then
        set = {}
        sets[key] = set
      end
      if set[#set] ~= pk then
        set[#set + 1] = pk
      end
    elseif kind.batch then
      local list = pairs_of[index]
      if not list then
        list = {}
        pairs_of[index], owners[index] = list, {}
      end
      if kind.one_owner then
        local owner = owners[index][text]
        if owner and owner ~= pk then
          give_up()
        end
        owners[index][text] = pk
      end
      list[#list + 1] = text
      list[#list + 1] = pk
    elseif kind.exists then
      if not kind.exists(key, text) then
        give_up()
      end
    elseif kind.is_check then
      referred[key] = referred[key] or {}
      referred[key][text] = true
    else
      others[#others + 1] = { kind.add, key, text, pk }
    end
  end
  for number = 1, #objects do
    pk = objects[number].pk
    each_entry(objects[number], gather)
  end
  return sets, pairs_of, others, referred
end

-- Checks that all objects that are referred to exist.
local function look_for_referred(referred)
  for set, pks in pairs(referred) do
    local list = {}
    for pk in pairs(pks) do
      list[#list + 1] = pk
    end
    for from = 1, #list, 1000 do
      local found = call('SMISMEMBER', set, unpack(list, from, math.min(from + 999, #list)))
      for number = 1, #found do
        if found[number] == 0 then
          give_up()
        end
      end
    end
  end
end

-- Returns the function that removes each `step`th member of a list from a key, from the first one on.
local function taking_out(command, key, list, first, step)
  return function()
    for at = first, #list, step do
      call(command, key, list[at])
    end
  end
end

local function create_all(objects, minted)
  local pks = give_pks(objects, minted)
  local keys = look_for_keys(objects)
  local sets, pairs_of, others, referred = gathered_entries(objects)
  look_for_referred(referred)
  for index, list in pairs(pairs_of) do
    if index.kind.one_owner then
      local texts = {}
      for at = 1, #list, 2 do
        texts[#texts + 1] = list[at]
      end
      current_key = index.key
      for from = 1, #texts, 1000 do
        local found = call('HMGET', index.key, unpack(texts, from, math.min(from + 999, #texts)))
        for number = 1, #found do
          if found[number] then
            give_up()
          end
        end
      end
    end
  end

  call_in_slices('SADD', KEYS[1], pks, 1, #pks, taking_out('SREM', KEYS[1], pks, 1, 1))
  undo_with(function()
    for number = 1, #keys do
      call('DEL', keys[number])
    end
  end, KEYS[1])
  for number = 1, #objects do
    store_values(objects[number])
  end
  for key, set in pairs(sets) do
    call_in_slices('SADD', key, set, 1, #set, taking_out('SREM', key, set, 1, 1))
  end
  for index, list in pairs(pairs_of) do
    local key, add, remove, first = index.key, unpack(index.kind.batch)
    call_in_slices(add, key, list, 1, #list, taking_out(remove, key, list, first, 2))
  end
  for number = 1, #others do
    local one = others[number]
    current_key = one[2]
    one[1](one[2], one[3], one[4])
  end
  return pks
end
