#!lua
-- Does one step of the rebuild of an index. A step either adds the entries of some objects, or looks at some entries
-- and removes those that their objects do not give. Writes between two steps update the index as always. So the index
-- is right once all objects, and then all entries, have been looked at.
--
-- The progress is in the catalog of the model. So any process can do the next step: the same one, a later one, or
-- several at once. The rebuild begins from the start if the index was cleared, the server was restarted, or a process
-- declared the model without the index.
--
-- KEYS   1  the set of primary keys
--        2  the catalog
-- ARGV   1  the name of the index (see indexes/maintenance/declare.lua)
--        2  its signature
--        3  the pattern of its keys, if it may have several; else ''
--        4  about how many objects or entries to look at
--        5  a new random epoch
--        6  the source of its keys:
--             ''                 SCAN in this script
--             'shared'           a walk of the caller, which is needed once all objects are entered
--             'keys:' and the walk that it waits for    some of them are sent here
--             'last:' and the walk that it waits for    all of them were sent
--        7  a count of keys that are sent, and those
--        …  the index (see lua/library/expected_entries.lua)
-- Reply  'ok' and
--          1 if the index is built; 1 if the rebuild began from the start; the number of objects looked at; the number
--          of entries that they gave; the number of entries looked at; the number of objects; the walk that it waits
--          for, or false
--        or 'unique', primary key, value, owner, sub-key; or 'transform'; or 'unindexable', 'expiring', 'error' (see
--        lua/library/journal.lua), with the primary key at the end if an object was being entered
-- @guarded
-- @requires atomically call current_key dynamic each_expected entry_kind expected_by_pk form index_key is_distinct_key
-- @requires is_expired key_from_template limits_owners matches_template member_behind members_of members_seen
-- @requires name_and_pk new_rebuild note_rebuild of_members part_in prefix refuse refuse_expiring_value
-- @requires remove_stale_owners repair_entry run_of_server select_index state_of_rebuild version_members with_part

local name, signature, pattern, at_most = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local new_epoch, begun, key_source = ARGV[5], false, ARGV[6]
local last_argument = 7 + ARGV[7]
select_index(last_argument + 1)
local looked, waits_for = 0, false
local SCANS = { set = 'SSCAN', hash = 'HSCAN', zset = 'ZSCAN' }
local entering = false -- which object

-- Returns the progress of the rebuild; nothing if it has come to its end. If it can go on nowhere, it begins from the
-- start.
local function this_rebuild()
  local run = run_of_server()
  local state = state_of_rebuild(KEYS[2], name, signature, run)
  if not state and call('HEXISTS', KEYS[2], 'rebuilding:' .. name) == 0 and call('HGET', KEYS[2], name) == signature then
    return nil
  end
  begun = not state
  return state or new_rebuild(signature, run, '')
end

local function enter_object(state)
  local pk, members, more, given = table.remove(state.items), nil, false, 0
  local limits = entry_kind.one_owner or limits_owners
  current_key, entering = KEYS[1], pk
  if call('SISMEMBER', KEYS[1], pk) == 1 then
    if of_members then
      current_key = key_from_template(prefix, pk)
      members, more = members_of(key_from_template(prefix, pk), state.inner or '0', at_most)
    end
    each_expected(pk, members, function(key, entry, value, sub)
      if given == 0 or version_members then
        refuse_expiring_value(pk, members)
      end
      if limits and is_expired(KEYS[1], pk) then -- another object may have the value
        return
      end
      local owner = limits and remove_stale_owners(pk, key, entry)
      if owner and is_expired(KEYS[1], owner) then
        entry_kind.remove(key, entry, owner)
      elseif owner then
        refuse('unique', pk, value, owner, sub or false)
      end
      current_key = key
      entry_kind.add(key, entry, pk, pk, value, sub or false)
      given = given + 1
    end, function(value, reason)
      refuse('unindexable', value, reason, index_key)
    end)
  end
  entering = false
  state.inner = more
  if more then
    state.items[#state.items + 1] = pk
  else
    state.counts.objects = state.counts.objects + 1
  end
  state.counts.given = state.counts.given + given
  looked = looked + math.max(given, 1)
end

-- Returns whether the object of the entry to be looked at next has to be looked at as a whole for that.
local function needs_all_members(state)
  local last = #state.entries
  local entry, pk = name_and_pk(state.entries[last - 1], state.entries[last])
  return of_members and pk and not expected_by_pk[pk] and not member_behind(state.key, entry)
end

local function look_at_entry(state)
  local last = #state.entries
  repair_entry(state.key, state.entries[last - 1], state.entries[last])
  state.entries[last], state.entries[last - 1] = nil, nil
  state.counts.entries = state.counts.entries + 1
  looked = looked + 1
end

local function read_entries(state)
  current_key = state.key
  local scan = SCANS[entry_kind.type]
  local reply = call(scan, state.key, state.inner, 'COUNT', at_most)
  state.inner = reply[1] ~= '0' and reply[1]
  if scan ~= 'SSCAN' then
    state.entries = reply[2]
    return
  end
  for at = 1, #reply[2] do
    state.entries[2 * at - 1], state.entries[2 * at] = reply[2][at], ''
  end
end

-- In the layout of limpyd 2 the keys of an index are not all that look like them.
local function is_own(key)
  local alike = string.find(form, 'apart:', 1, true) or string.find(form, 'ending:', 1, true) or entry_kind.alike
  if not alike and not string.find(index_key, '\0', 1, true) then
    return true
  end
  if not matches_template(index_key, key) or call('TYPE', key).ok ~= entry_kind.type then
    return false
  end
  local template = dynamic and with_part(index_key, part_in(index_key, key)) or index_key
  local at = string.find(template, '\0', 1, true)
  local value = at and string.match(key, '^[^:]*:(.*)$', at) or string.sub(key, #template + 1)
  for code in string.gmatch(form, 'apart:(%x+)') do
    if not is_distinct_key(value, code) then
      return false
    end
  end
  return true
end

local function find_items(state)
  local reply
  if state.key then
    reply = call('SCAN', state.cursor, 'MATCH', pattern, 'COUNT', at_most)
    looked = looked + at_most / 10
  else
    current_key = KEYS[1]
    reply = call('SSCAN', KEYS[1], state.cursor, 'COUNT', at_most)
  end
  state.cursor, state.items = reply[1] ~= '0' and reply[1], reply[2]
  for at = #state.items, 1, -1 do
    if state.key and not is_own(state.items[at]) then
      table.remove(state.items, at)
    end
  end
end

local function turn_to_entries(state)
  state.key = index_key
  state.waits_for = pattern ~= '' and key_source == 'shared' and new_epoch
  state.cursor = pattern ~= '' and not state.waits_for and '0'
  state.items = pattern == '' and { index_key } or {}
end

-- Takes the keys that it waits for; or looks for them itself, if nobody sends them.
local function take_keys(state)
  if key_source == '' and state.waits_for then
    state.waits_for, state.cursor = false, '0'
  elseif key_source == 'keys:' .. (state.waits_for or '') then
    for at = 8, last_argument do
      if is_own(ARGV[at]) then
        state.items[#state.items + 1] = ARGV[at]
      end
    end
  elseif key_source == 'last:' .. (state.waits_for or '') then
    state.waits_for = false
  end
end

-- True when all is done.
local function step(state)
  while looked < at_most do
    if #state.entries > 0 then
      if members_seen > 10 * at_most and needs_all_members(state) then
        break
      end
      look_at_entry(state)
    elseif state.key and state.inner then
      read_entries(state)
    elseif #state.items > 0 and state.key then
      state.key, state.inner = table.remove(state.items), '0'
    elseif #state.items > 0 then
      enter_object(state)
    elseif state.cursor then
      find_items(state)
    elseif state.waits_for then
      waits_for = state.waits_for
      break
    elseif state.key then
      return true
    else
      turn_to_entries(state)
    end
  end
  return false
end

local state, built
local outcome = atomically(function()
  current_key = KEYS[2]
  state = this_rebuild()
  if state then
    take_keys(state)
  end
  built = not state or step(state)
  current_key = KEYS[1]
  local counts = state and state.counts or {}
  local all = call('SCARD', KEYS[1])
  return { 'ok', built and 1 or 0, begun and 1 or 0, counts.objects or all, counts.given or 0, counts.entries or 0, all, waits_for }
end)

if outcome[1] == 'ok' and built then
  call('HSET', KEYS[2], name, signature, ':epoch', new_epoch)
  call('HDEL', KEYS[2], 'rebuilding:' .. name)
elseif outcome[1] == 'ok' then
  note_rebuild(KEYS[2], name, state, begun and new_epoch)
elseif outcome[1] == 'unindexable' or outcome[1] == 'expiring' or outcome[1] == 'error' then
  outcome[5] = entering
end
if (outcome[1] == 'unique' or outcome[1] == 'unindexable' or outcome[1] == 'expiring') and call('HGET', KEYS[2], name) == signature then
  call('HSET', KEYS[2], name, '-', ':epoch', new_epoch)
end
return outcome
