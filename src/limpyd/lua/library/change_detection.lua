-- Detects the changes of a command to a value of many members, by a look before and after the command.
--
-- A place is a value that a command may change:
--   pk, key, stored         its object, its key, and how it is stored (see lua/library/whole_value.lua)
--   scope                   the part of it that the command can change:
--     whole                 anything
--     members               the members in the arguments: from `first` on, each `step`th
--     range                 the members of a range; a read command with the same arguments finds them (see RANGES)
--     reply                 the members that the command replies with; it removed them
--     replied               the member that the command replies with; it added it
--     expiry                its expiry; a time in the past removes it
--     nothing               nothing: the command reads it
--   first_index             the position in ARGV of its indexes (see lua/library/add_entry.lua)
--   last_index              the position of their end
--   last_alone              the same, without the indexes of several fields
--   number                  the number of the value in the write, for a refusal
--   creating                true if the object is new; then all of the value may be taken back by itself
--   is_journaled            true if an earlier command has noted the whole value
-- @requires add_entry all_of call call_if_supported counts_members current_key cut_by_trim dump expiries_of
-- @requires expiry_of_key has_index in_transaction index_kind index_updates is_followed look_for make_dump popped
-- @requires put_into_list read_members read_whole_value refuse remove_entry take_out_of_list undo_all undo_expiry
-- @requires undo_pops undo_some undo_with whole_noted
-- @provides changes_of follow note_undo track

local RANGES = { ZREMRANGEBYRANK = 'ZRANGE', ZREMRANGEBYSCORE = 'ZRANGEBYSCORE', ZREMRANGEBYLEX = 'ZRANGEBYLEX' }

-- Reads a list before the command: the members that the command names, and their positions.
local function track_list(place, command, first_arg, last_arg)
  local key, names = place.key, {}
  if command == 'LTRIM' then
    local head, tail = cut_by_trim(key, ARGV[first_arg], ARGV[last_arg])
    place.head = head > 0 and call('LRANGE', key, 0, head - 1) or {}
    place.tail = call('LRANGE', key, tail, -1)
    for _, part in ipairs({ place.head, place.tail }) do
      for at = 1, #part do
        names[#names + 1] = part[at]
      end
    end
  elseif command == 'LSET' then
    names[1] = call('LINDEX', key, ARGV[first_arg]) or nil
  elseif place.scope == 'members' then
    for at = first_arg - 1 + place.first, last_arg, place.step do
      names[#names + 1] = ARGV[at]
    end
    if command == 'LREM' then
      local count = tonumber(ARGV[first_arg])
      local at_most = string.format('%.0f', math.min(math.abs(count), 2 ^ 53)) -- what Lua can count
      place.positions = call('LPOS', key, names[1], 'RANK', count < 0 and -1 or 1, 'COUNT', at_most)
      table.sort(place.positions)
    elseif command == 'LINSERT' then
      local pivot = call('LPOS', key, ARGV[first_arg + 1])
      place.position = pivot and (ARGV[first_arg] == 'AFTER' and pivot + 1 or pivot)
    end
  end
  return names
end

-- Returns whether a command that sets an expiry may remove the value at once, since the time is past.
local function may_remove(command, first_arg)
  local units = { EXPIRE = 1000, PEXPIRE = 1, EXPIREAT = 1000, PEXPIREAT = 1, EXAT = 1000, PXAT = 1 }
  local word = command == 'GETEX' and ARGV[first_arg] or command
  local unit, time = units[word], tonumber(ARGV[command == 'GETEX' and first_arg + 1 or first_arg])
  if not unit or word == 'EXPIRE' or word == 'PEXPIRE' then
    return unit and time <= 0
  end
  return time * unit <= 1000 * call('TIME')[1] + 2000 -- in Redis 7.0 time goes on meanwhile
end

-- Reads what is needed before the command, whose arguments are in ARGV from `first_arg` to `last_arg`.
local function track(place, command, first_arg, last_arg)
  local key, stored, scope = place.key, place.stored, place.scope
  current_key = key
  -- An indexed value and its sub-keys have no expiry, unless something other than limpyd set it.
  local may_expire = not has_index(place.first_index, place.last_index) or in_transaction or scope == 'expiry'
  place.expires = may_expire and expiry_of_key(key) or -1
  if counts_members(place.first_index, place.last_index) then
    -- @defers size_of
    place.size = size_of(stored, key)
  end
  if scope == 'expiry' then
    if not may_remove(command, first_arg) then
      return
    end
    scope, place.scope = 'whole', 'whole'
  end
  if stored == 'stream' then
    dump = dump or make_dump()
    place.note_dump = dump(key)
    return
  elseif scope == 'whole' and not place.creating and not is_followed(place.first_index, place.last_index) and whole_noted(key) then
    place.is_noted = true
    return
  elseif scope == 'whole' then
    place.before, place.all = read_whole_value(stored, key)
    if may_expire and stored == 'hash' then
      place.sub_expiries = expiries_of(key, call('HKEYS', key))
    end
    return
  end
  local names = {}
  if stored == 'list' then
    names = track_list(place, command, first_arg, last_arg)
  elseif scope == 'members' then
    for at = first_arg - 1 + place.first, last_arg, place.step do
      names[#names + 1] = ARGV[at]
    end
  elseif scope == 'range' then
    names = call(RANGES[command], key, unpack(ARGV, first_arg, last_arg))
  end
  place.names = names
  if stored ~= 'list' and (scope == 'members' or scope == 'range') then
    place.before = read_members(stored, key, names)
    place.sub_expiries = may_expire and stored == 'hash' and expiries_of(key, names) or nil
  end
end

-- Notes how to take back the command's changes to a list, and which members it removed or added.
local function note_undo_of_list(place, command, first_arg, last_arg, reply)
  local key, names = place.key, place.names
  if place.scope == 'replied' then
    place.names, place.added = {}, all_of({ reply or nil })
  elseif place.scope == 'reply' then
    place.names = popped(command, reply)
    if command ~= 'LMOVE' then
      undo_pops(key, place.names, command == 'LPOP' or command == 'LMPOP' and ARGV[first_arg + 1] == 'LEFT')
    end
  elseif command == 'LTRIM' then
    undo_pops(key, place.head, true)
    for at = #place.tail, 1, -1 do
      undo_with('RPUSH', key, place.tail[at])
    end
  elseif command == 'LSET' then
    undo_with('LSET', key, ARGV[first_arg], names[1])
  elseif command == 'LREM' then
    for at = #place.positions, 1, -1 do
      undo_with(put_into_list, key, place.positions[at], names[1])
    end
  elseif reply > 0 then -- a member was inserted, or some were pushed
    if command == 'LINSERT' then
      undo_with(take_out_of_list, key, place.position)
    elseif command == 'RPUSH' or command == 'RPUSHX' then
      undo_with('LTRIM', key, 0, -#names - 1)
    else
      undo_with('LTRIM', key, #names, -1)
    end
    place.names, place.added = {}, all_of(names)
  else
    place.names = {}
  end
end

-- Notes how to take back the command's changes to a place. Moving a member from one place to another is noted by
-- undo_move.
local function note_undo(place, command, first_arg, last_arg, reply)
  local key, stored, scope = place.key, place.stored, place.scope
  if place.expires > 0 or scope == 'expiry' then
    undo_expiry(key, place.expires)
  end
  if scope == 'expiry' or place.is_noted then
    return
  elseif stored == 'stream' then
    place.note_dump()
    return
  end
  local moves = command == 'SMOVE' or command == 'LMOVE'
  if scope == 'whole' then
    if not moves and (place.creating or not whole_noted(key)) then
      undo_all(place)
    end
  elseif stored == 'list' then
    note_undo_of_list(place, command, first_arg, last_arg, reply)
  elseif scope == 'reply' then
    local scores
    place.names, scores = popped(command, reply)
    place.before = stored == 'zset' and scores or all_of(place.names)
    undo_some(place, place.names, place.before, {})
  else
    place.after = read_members(stored, key, place.names)
    if not moves then
      undo_some(place, place.names, place.before, place.after)
    end
  end
end

-- COPY brings expiries along, which an indexed value cannot have.
local function forget_expiry(stored, key)
  call('PERSIST', key)
  local subs = stored == 'hash' and call('HKEYS', key) or {}
  for first = 1, #subs, 1000 do
    local last = math.min(first + 999, #subs)
    call_if_supported('HPERSIST', key, 'FIELDS', last - first + 1, unpack(subs, first, last))
  end
end

-- Returns the part of the value that the command can change, before and after it.
local function changes_of(place, command, last_arg)
  local key, stored = place.key, place.stored
  if place.last_index < place.first_index or place.scope == 'expiry' or place.is_noted then
    return {}, {} -- no index needs it
  elseif place.scope == 'whole' then
    if command == 'COPY' and has_index(place.first_index, place.last_index) then
      forget_expiry(stored, key)
    end
    return place.before, (read_whole_value(stored, key))
  elseif stored ~= 'list' then
    return place.before, place.after or {}
  elseif place.added then
    return {}, place.added
  end
  local before, after = all_of(place.names), look_for(key, place.names)
  if command == 'LSET' then
    after[ARGV[last_arg]] = 1
  end
  return before, after
end

-- Returns the texts that an index keeps of some members, each with its member.
local function entries_of(members, of_scores, form, key, is_new)
  local found = {}
  for name, score in pairs(members) do
    local value = of_scores and score or name
    local texts, reason = index_updates.texts_of(form, value, key)
    if is_new and not texts then
      refuse('unindexable', value, reason, key)
    end
    for at = 1, texts and #texts or 0 do
      found[texts[at]] = value
    end
  end
  return found
end

-- Makes an index follow members. Two members may have the same entry, which is removed with the last.
local function follow_members(place, kind, form, key, before, after)
  local of_scores = index_kind(kind).of_scores
  if form ~= 'text' or of_scores then
    before = entries_of(before, of_scores, form, key, false)
    after = entries_of(after, of_scores, form, key, true)
  end
  for entry in pairs(before) do
    if not after[entry] then
      remove_entry(kind, key, entry, place.pk)
    end
  end
  for entry, member in pairs(after) do
    if not before[entry] then
      add_entry(kind, key, entry, place.pk, place.number, form == 'text' and entry or member)
    end
  end
end

-- Makes the indexes of a place follow the change of its value.
local function follow(place, before, after)
  local stored = place.stored
  for index = place.first_index, place.last_single_index, 3 do
    local kind, form, key = ARGV[index], ARGV[index + 1], ARGV[index + 2]
    if kind == 'inv' then
      if call('EXISTS', place.key) == 1 then
        add_entry(kind, key, form, place.pk)
      else
        remove_entry(kind, key, form, place.pk)
      end
    elseif kind == '?required' or kind == '?max_members' then
      -- @defers check_size
      check_size(kind, key, place)
    elseif stored == 'hash' or stored == 'string' then
      for name, value in pairs(before) do
        if after[name] ~= value then
          index_updates.change_value(kind, form, key, value, after[name], place.pk, place.number, stored == 'hash' and name)
        end
      end
      for name, value in pairs(after) do
        if not before[name] then
          index_updates.change_value(kind, form, key, nil, value, place.pk, place.number, stored == 'hash' and name)
        end
      end
    else
      follow_members(place, kind, form, key, before, after)
    end
  end
end
