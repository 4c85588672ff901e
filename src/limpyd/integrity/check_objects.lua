#!lua
-- Checks objects: the indexes must have their entries, the objects they refer to must exist, and they must have no
-- values that are not declared. Each object is checked, and repaired if that is asked for, in one step.
--
-- KEYS   1  the set of primary keys
--        2  the catalog of the model (see indexes/maintenance/declare.lua)
-- ARGV   1  the kinds of findings to repair (see lua/library/findings.lua)
--        2  about how many members to look at
--        3  the prefix of the hashes
--        4  a count of declared sub-keys of the hash, and those
--        …  a count of sub-keys that may not expire, and those
--        …  a count of prefixes of all keys of an object, and those
--        …  a count of indexes by which others refer to an object, each a kind and a key
--        …  a count of values that no index is to have, each the primary key, the number of the index, and the text, or
--           '' for all entries of the object
--        …  a count of indexes, each its name and the index (see lua/library/expected_entries.lua); a reference is an
--           index of the kind `ref` or `away`; the check that no value of an indexed hash expires is an index of the kind `last`
--        …  the position in the first object: the number of an index, 0 for the whole object; a cursor in its value
--        …  primary keys
-- Reply  'ok'; the number of objects done; the position in the next one; the number of objects that exist; the
--        findings, each kind, key, primary key, and:
--          missing      the entry, the number of the index
--          conflict     the entry, the owner, the number of the index
--          unindexable  the value, the reason, the number of the index
--          dangling     the primary key that it refers to, the number of the index
--          bare         nothing; or 'referred' if another object refers to it
--          unexplained  the sub-key
--          expiring     the sub-key
--        or 'transform', 'error' (see lua/library/journal.lua)
-- @guarded
-- @requires abort atomically call current_key each_expected entry_kind expiries_of findings has_entry is_template
-- @requires key_from_template key_of limits_owners members_of members_seen note of_members owners_in part_in prefix
-- @requires remove_stale_owners repairs select_index undo_with unless_mistyped valid_owner with_part with_savepoint

local at_most, hash_prefix = tonumber(ARGV[2]), ARGV[3]

-- Returns a list in ARGV, and where what follows it begins.
local function take_list(at, width)
  local list, last = {}, at + width * ARGV[at]
  for number = at + 1, last do
    list[#list + 1] = ARGV[number]
  end
  return list, last + 1
end

local declared, lasting, prefixes, referring, at
declared, at = take_list(4, 1)
lasting, at = take_list(at, 1)
prefixes, at = take_list(at, 1)
referring, at = take_list(at, 2)
local broken, unsound = take_list(at, 3), {}
at = at + 1 + 3 * ARGV[at]
local first_index, indexes = at + 1, tonumber(ARGV[at])
at = first_index + 7 * indexes
local from_index, cursor, first_pk = tonumber(ARGV[at]), ARGV[at + 1], at + 2
local templates = {}
for number = 1, #declared do
  declared[declared[number]] = true
  if is_template(declared[number]) then
    templates[#templates + 1] = declared[number]
  end
end

for each = 1, #broken, 3 do
  local pk, index, text = unpack(broken, each, each + 2)
  unsound[#pk .. ':' .. pk .. index .. ':' .. text] = true
end

-- Returns whether a value is not of the type of its field, so that it is not to be entered.
local function is_unsound(pk, number, text)
  local beginning = #pk .. ':' .. pk .. number .. ':'
  return unsound[beginning] or unsound[beginning .. text]
end

local function is_referred_to(pk)
  for number = 1, #referring, 2 do
    if #owners_in(referring[number]).list(referring[number + 1], pk) > 0 then
      return true
    end
  end
  return false
end

-- An object without any data is legal; whether it has none.
local function look_at_bare(pk)
  for number = 1, #prefixes do
    if call('EXISTS', key_from_template(prefixes[number], pk)) == 1 then
      return false
    end
  end
  local referred = is_referred_to(pk)
  local repair = repairs.bare and not referred
  if repair then
    call('SREM', KEYS[1], pk)
    undo_with('SADD', KEYS[1], pk)
  end
  note('bare', KEYS[1], pk, referred and 'referred', false, repair)
  return true
end

-- Looks whether anything under some sub-keys of a hash expires, which is indexed.
local function look_at_expiries(key, pk, subs)
  for sub, when in pairs(expiries_of(key, subs)) do
    if repairs.expiring then
      call('HPERSIST', key, 'FIELDS', 1, sub)
      undo_with(function()
        call('HPEXPIREAT', key, when, 'FIELDS', 1, sub)
      end, key)
    end
    note('expiring', key, pk, sub, false, repairs.expiring)
  end
end

-- Returns whether a sub-key is one that is declared, or that of a version of a dynamic field.
local function is_declared(sub)
  for _, template in ipairs(declared[sub] and {} or templates) do
    local part = part_in(template, sub)
    if part and with_part(template, part) == sub then
      return true
    end
  end
  return declared[sub]
end

local function look_at_hash(pk)
  local hash = key_from_template(hash_prefix, pk)
  current_key = hash
  for _, sub in ipairs(call('HKEYS', hash)) do
    if not is_declared(sub) then
      if repairs.unexplained then
        local value = call('HGET', hash, sub)
        call('HDEL', hash, sub)
        undo_with('HSET', hash, sub, value)
      end
      note('unexplained', hash, pk, sub, false, repairs.unexplained)
    end
  end
  look_at_expiries(hash, pk, lasting)
end

local cleared = {}

-- Returns whether an index was cleared while the check goes on.
local function is_cleared(number)
  if cleared[number] == nil then
    cleared[number] = call('HGET', KEYS[2], ARGV[first_index + 7 * (number - 1)]) == '-'
  end
  return cleared[number]
end

-- Looks at an object's value in the index that is turned to; gives where there is more of a large one.
local function look_at_value(pk, number)
  local members, more = nil, false
  if of_members then
    members, more = members_of(key_from_template(prefix, pk), cursor, at_most)
  end
  if entry_kind.must_last then
    local subs = {}
    for sub in pairs(members) do
      subs[#subs + 1] = sub
    end
    members_seen = members_seen + #subs
    look_at_expiries(key_from_template(prefix, pk), pk, subs)
    return more
  end
  each_expected(pk, members, function(key, entry, value)
    if #broken > 0 and is_unsound(pk, number, value) then
      return
    elseif limits_owners then
      local owner = valid_owner(pk, key, entry)
      if owner then
        return note('conflict', key_of(key, entry), pk, value, { owner, number })
      end
    end
    if has_entry(key, entry, pk) then
      return
    elseif entry_kind.is_check then
      return note('dangling', key_from_template(prefix, pk), pk, entry, number)
    elseif is_cleared(number) then
      return
    elseif entry_kind.one_owner then
      local owner = valid_owner(pk, key, entry)
      if owner then
        return note('conflict', key, pk, value, { owner, number })
      end
    end
    if repairs.missing then
      if entry_kind.one_owner or limits_owners then
        remove_stale_owners(pk, key, entry)
      end
      current_key = key
      local _, outcome = with_savepoint(entry_kind.add, key, entry, pk)
      if outcome and outcome[1] == 'unique' then -- it belongs to an object of another partition
        return note('conflict', key, pk, value, { outcome[4], number })
      elseif outcome then
        abort(outcome)
      end
    end
    note('missing', key_of(key, entry), pk, entry, number, repairs.missing)
  end, function(value, reason)
    note('unindexable', key_from_template(prefix, pk), pk, value, { reason, number })
  end)
  return more
end

-- Looks at what is left of an object; gives the number of the index, and the cursor, where there is more of it.
local function look_at_object(pk)
  if call('SISMEMBER', KEYS[1], pk) == 0 then
    return nil
  end
  if from_index == 0 then
    if look_at_bare(pk) then
      return nil
    end
    unless_mistyped(look_at_hash, pk)
    from_index = 1
  end
  for number = from_index, indexes do
    select_index(first_index + 7 * (number - 1) + 1)
    local more = unless_mistyped(look_at_value, pk, number)
    cursor = more or '0'
    if more then
      return number, more
    end
  end
  return nil
end

local function check()
  local done, existing = 0, 0
  for number = first_pk, #ARGV do
    local begun = from_index > 0
    existing = existing + (not begun and call('SISMEMBER', KEYS[1], ARGV[number]) or 0)
    local index, more = look_at_object(ARGV[number])
    if index then
      return { 'ok', done, index, more, existing, findings }
    end
    done, from_index, cursor = done + 1, 0, '0'
    if members_seen >= at_most then
      break
    end
  end
  return { 'ok', done, 0, '0', existing, findings }
end

return atomically(check)
