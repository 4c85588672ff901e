#!lua flags=allow-oom
-- Removes values whose deadline is over, with their deadlines and index entries; the objects stay. It ends after about 5 ms.
--
-- Which entries there are is in the catalog (see limpyd.schema.lapsing): the process may not know all indexes. Scripts of
-- models with such values have this one in their beginning (see lua/lapsing.lua).
--
-- KEYS   1  the set of primary keys
--        2  the catalog
-- ARGV   1  the most values of each field
--        …  records of values for the catalog, which may lack them where the objects came from elsewhere
-- Reply  'ok', the number of values removed, 1 if no other deadline is over, else 0; or 'closed', 'error' (see
--        lua/library/journal.lua), the latter after 'at' and the object, if it is about one
-- @guarded
-- @requires at_object atomically call current_key index_updates key_from_template refuse_if_closed run_scalar_commands
-- @requires seconds_now split_netstrings undo_with update_indexes

local SECONDS = 0.005
local RECORD, LENGTH = ':lapses:', 8

-- Returns for each index of deadlines what it is for: values, with their own indexes, those of several fields last. They are
-- in several places, if a field was once stored elsewhere.
local function read_records()
  local names, found = call('HKEYS', KEYS[2]), {}
  for _, name in ipairs(names) do
    if string.sub(name, 1, LENGTH) == RECORD then
      local record = split_netstrings(string.sub(name, LENGTH + 1))
      local deadlines, sub, prefix, stored, value_sub, command, kind, form, key = unpack(record)
      local values, place = found[deadlines] or {}, prefix .. '\0' .. value_sub
      found[deadlines] = values
      values[place] = values[place]
        or { sub = sub, prefix = prefix, stored = stored, value_sub = value_sub, command = command, alone = {}, several = {} }
      local rows = string.byte(kind) == 38 and values[place].several or values[place].alone
      rows[#rows + 1] = { kind, form, key }
    end
  end
  return found
end

local hash_prefix = string.match(KEYS[1], '^{[^}]*}[^:]*:') .. 'hash:'

-- Puts the value, with its indexes, and the commands that remove it and its deadline behind the arguments.
local function lay_out_commands(deadlines, known)
  local sub = known.value_sub
  known.first = #ARGV + 1
  local function put(...)
    for at = 1, select('#', ...) do
      ARGV[#ARGV + 1] = select(at, ...)
    end
  end
  put(known.prefix, known.stored, sub, #known.alone + #known.several)
  for _, rows in ipairs({ known.alone, known.several }) do
    for _, row in ipairs(rows) do
      put(unpack(row))
    end
  end
  known.last_index = #ARGV
  if sub == '' then
    put(known.command, 0)
  else
    put(known.command, 1, sub)
  end
  put(hash_prefix, 'entry', known.sub, 1, 'num', 'exact', deadlines, 'HDEL', 1, known.sub)
  known.last = #ARGV
end

-- Removes a value without indexes of several fields, and its deadline from the hash; with half of the commands.
local function remove_alone(pk, known)
  local key, hash, sub = key_from_template(known.prefix, pk), key_from_template(hash_prefix, pk), known.value_sub
  current_key = key
  local value, deadline
  if sub == '' then
    value, deadline = call('GET', key), call('HGET', hash, known.sub)
  else
    value, deadline = unpack(call('HMGET', hash, sub, known.sub))
  end
  if value then
    update_indexes(known.first + 4, known.last_index, value, nil, pk, 0)
  end
  current_key = key
  if sub == '' then
    call('DEL', key)
    call('HDEL', hash, known.sub)
  else
    call('HDEL', hash, sub, known.sub)
  end
  if deadline then
    undo_with('HSET', hash, known.sub, deadline)
  end
  if value and sub == '' then
    undo_with('SET', key, value)
  elseif value then
    undo_with('HSET', hash, sub, value)
  end
end

local function remove(pk, known)
  if known.several[1] then
    run_scalar_commands(pk, known.first, known.last, {}, true)
  else
    remove_alone(pk, known)
  end
end

return atomically(function()
  local time, most = call('TIME'), ARGV[1]
  local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
  local swept, is_done, began, removed = 0, true, seconds_now(), {}
  refuse_if_closed(KEYS[2])
  for at = 2, #ARGV do
    call('HSET', KEYS[2], ARGV[at], '1')
  end
  for deadlines, values in pairs(read_records()) do
    local pks = {}
    for _, known in pairs(values) do
      lay_out_commands(deadlines, known)
    end
    current_key, removed[deadlines] = deadlines, pks
    local over = call('ZRANGEBYSCORE', deadlines, '-inf', now, 'LIMIT', 0, most)
    for number = 1, #over do
      if swept > 0 and seconds_now() - began > SECONDS then
        is_done = false
        break
      end
      for _, known in pairs(values) do
        at_object(remove, over[number], known)
      end
      pks[number], swept = over[number], swept + 1
    end
    is_done = is_done and #over < tonumber(most)
  end
  if index_updates then
    index_updates.follow_composites()
  end
  for deadlines, pks in pairs(removed) do -- also those whose entry of the hash was lost
    for from = 1, #pks, 1000 do
      call('ZREM', deadlines, unpack(pks, from, math.min(from + 999, #pks)))
    end
  end
  return { 'ok', swept, is_done and 1 or 0 }
end)
