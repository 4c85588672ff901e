#!lua
-- Moves some objects to another schema: each as a whole, values, indexes and membership, or not at all. Ends after some
-- milliseconds, so that others need not wait, and replies with the primary keys that it has found but not moved.
--
-- KEYS   1  the set of primary keys
-- ARGV   1  '1' if the objects get another set of primary keys; else '0', and objects that have nothing to move are
--           passed over
--        2  the new set of primary keys
--        3  the old key of the last automatic primary key
--        4  the new one
--        5  a cursor of the set
--        6  about how many objects to find
--        7  how many milliseconds to move them for
--        8  the most changes to one object (see lua/library/changes.lua), or ''
--        9  a count of primary keys to move before more are found, and those
--        …  a count of texts, and for each key to rename its old and new prefix
--        …  a count of texts, and for each hash field to rename its old and new sub-key
--        …  a count of texts, and for each dynamic field with other keys its old and new family (see
--           lua/library/dynamic_parts.lua)
--        …  a count of texts, and the old keys and indexes of the model (see lua/library/unindex_object.lua)
--        …  its new keys and indexes
-- Reply  'ok'; the next cursor; the number of objects moved; the number looked at; the number of primary keys left in
--        the set; the primary keys found but not moved; for each refused object its primary key and its outcome; or
--        'transform', 'error', 'broken' (see lua/library/journal.lua). The outcome of an object may also be 'both', a
--        key, and a sub-key or false: its new name is that of another value
-- @guarded
-- @requires atomically call current_key expiry_of index_object inventory_of key_from_template limit_changes
-- @requires make_deletion_count old_keys pk_set promise_request raise_other_counter refuse rename_key seconds_now
-- @requires transform_request undo_with undo_write unindex_object unlink_old_keys version_locator with_savepoint

local began = seconds_now()
local to_another_set, set, seq, other_seq = ARGV[1] == '1', ARGV[2], ARGV[3], ARGV[4]
local cursor, count, seconds = ARGV[5], ARGV[6], ARGV[7] / 1000
local last_waiting = 9 + ARGV[9]
local first_key, last_key = last_waiting + 2, last_waiting + 1 + ARGV[last_waiting + 1]
local first_sub, last_sub = last_key + 2, last_key + 1 + ARGV[last_key + 1]
local first_dynamic, last_dynamic = last_sub + 2, last_sub + 1 + ARGV[last_sub + 1]
local first_old, last_old = last_dynamic + 2, last_dynamic + 1 + ARGV[last_dynamic + 1]
local first_new = last_old + 1
local source_hash, target_hash = ARGV[first_old + 1], ARGV[first_new + 1]

local function has_something(pk)
  for at = first_key, last_key, 2 do
    if call('EXISTS', key_from_template(ARGV[at], pk)) == 1 then
      return true
    end
  end
  for at = first_dynamic, last_dynamic, 2 do
    if call('EXISTS', inventory_of(ARGV[at], pk)) == 1 then
      return true
    end
  end
  current_key = key_from_template(source_hash, pk)
  for at = first_sub, last_sub, 2 do
    if call('HEXISTS', current_key, ARGV[at]) == 1 then
      return true
    end
  end
  return false
end

-- Gives a key its name there, where nothing may be.
local function move_key(from, to)
  if from ~= to and (to_another_set and call('EXISTS', to) == 1 or not rename_key(from, to)) then
    refuse('both', to, false)
  end
end

local function rename_sub(key, from, to)
  current_key = key
  local value = call('HGET', key, from)
  if not value then
    return
  elseif call('HSETNX', key, to, value) == 0 then
    refuse('both', key, to)
  end
  undo_with('HDEL', key, to)
  local expires = expiry_of('entry', key, from)
  if expires > 0 then
    call('HPEXPIREAT', key, expires, 'FIELDS', 1, to)
  end
  undo_write('entry', key, from, value, expires)
  call('HDEL', key, from)
end

-- Moves the versions that an object has of a dynamic field, and its inventory.
local function move_versions(pk, from, to)
  local inventory, other = inventory_of(from, pk), inventory_of(to, pk)
  current_key = inventory
  local parts, place, new_place = call('SMEMBERS', inventory), version_locator(from, pk), version_locator(to, pk)
  for at = 1, #parts do
    local key, sub = place(parts[at])
    local new_key, new_sub = new_place(parts[at])
    if sub == '' then
      move_key(key, new_key)
    elseif sub ~= new_sub then
      rename_sub(new_key, sub, new_sub)
    end
  end
  if to_another_set or call('EXISTS', other) == 0 then
    move_key(inventory, other)
    return
  end
  -- There are versions of the new name already.
  for at = 1, #parts do
    if call('SADD', other, parts[at]) == 1 then
      undo_with('SREM', other, parts[at])
    end
    call('SREM', inventory, parts[at])
    undo_with('SADD', inventory, parts[at])
  end
end

local count_deletion = make_deletion_count(first_old, last_old)

local function move(pk)
  if call('SISMEMBER', KEYS[1], pk) == 0 or not to_another_set and not has_something(pk) then
    return 0
  end
  limit_changes(ARGV[8])
  count_deletion(pk) -- the keys and entries under its old name
  count_deletion(pk) -- and about as many under its new name
  if to_another_set then
    -- It is added to the new set first. So if the account may not add it there, it is still in the old set.
    current_key = set
    if call('SADD', set, pk) == 0 then
      refuse('taken')
    end
    undo_with('SREM', set, pk)
  end
  unindex_object(to_another_set and KEYS[1], pk, first_old, last_old)
  for at = first_key, last_key, 2 do
    move_key(key_from_template(ARGV[at], pk), key_from_template(ARGV[at + 1], pk))
  end
  for at = first_sub, last_sub, 2 do
    rename_sub(key_from_template(target_hash, pk), ARGV[at], ARGV[at + 1])
  end
  for at = first_dynamic, last_dynamic, 2 do
    move_versions(pk, ARGV[at], ARGV[at + 1])
  end
  pk_set = set
  index_object(pk, first_new, #ARGV)
  return 1
end

return atomically(function()
  local waiting = { unpack(ARGV, 10, last_waiting) }
  current_key = KEYS[1]
  if #waiting == 0 then
    local found = call('SSCAN', KEYS[1], cursor, 'COUNT', count)
    cursor, waiting = found[1], found[2]
  end
  if to_another_set then
    raise_other_counter(seq, other_seq)
  end
  local moved, looked, refused, left = 0, 0, {}, {}
  for at = 1, #waiting do
    if looked > 0 and seconds_now() - began > seconds then
      left[#left + 1] = waiting[at]
    else
      local before = #old_keys
      local number, outcome = with_savepoint(move, waiting[at])
      looked = looked + 1
      if number then
        moved = moved + number
      else
        for dropped = #old_keys, before + 1, -1 do
          old_keys[dropped] = nil
        end
        refused[#refused + 1] = waiting[at]
        refused[#refused + 1] = outcome
      end
    end
  end
  current_key = KEYS[1]
  local remaining = call('SCARD', KEYS[1])
  if transform_request or promise_request then
    return
  end
  unlink_old_keys()
  return { 'ok', cursor, moved, looked, remaining, left, refused }
end)
