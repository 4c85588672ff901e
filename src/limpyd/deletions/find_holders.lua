#!lua
-- Finds the objects that refer to others, which a deletion has closed: closes those that go too, and says who forbids the
-- deletion. Whatever was checked before is void from now on.
--
-- KEYS   1  the set of primary keys of the model that refers
-- ARGV   1  the token of the deletion
--        2  the most objects to close
--        3  the catalog of the model
--        4  a count of keys of indexes, those of the references to the model that the process knows
--        …  a count of references, and for each its policy, the kind and the key of its index, and '1' if all who forbid
--           the deletion are asked for, as they may go themselves; else one is enough
--        …  a count of partitions of the objects, and for each its hash tag and the time when it closed them
--        …  to the end, for each object and reference the number of the partition, that of the reference, the primary key
-- Reply  'ok'; the time, 0 if nobody can refer to those closed; 1 if anybody refers; and three lists, each of pairs of the number of an object and reference,
--        counted from 1, and a list of primary keys: those closed, those that forbid it, those that are to be closed yet;
--        or 'busy', a primary key and the record, if another deletion has closed one, with nothing changed; or
--        'undeclared', 'error' (see lua/library/journal.lua)
-- @guarded
-- @requires atomically call check_references close_object closed_before current_key known_references owners_in
-- @requires raise_bar record_parts tick_clock

local function numbered(at, size)
  local items = {}
  for number = 1, ARGV[at] do
    items[number] = { unpack(ARGV, at + 1 + (number - 1) * size, at + number * size) }
  end
  return items, at + 1 + ARGV[at] * size
end

-- Returns those of some objects that exist.
local function existing(pks)
  local found = {}
  for first = 1, #pks, 1000 do
    current_key = KEYS[1]
    local exist = call('SMISMEMBER', KEYS[1], unpack(pks, first, math.min(first + 999, #pks)))
    for at = 1, #exist do
      found[#found + 1] = exist[at] == 1 and pks[first + at - 1] or nil
    end
  end
  return found
end

return atomically(function()
  local known, at = numbered(4, 1)
  for _, key in ipairs(known) do
    known_references[key[1]] = true
  end
  local references, partitions
  references, at = numbered(at, 4)
  partitions, at = numbered(at, 2)
  for _, partition in ipairs(partitions) do
    raise_bar(partition[1], partition[2])
  end
  local most, refers = tonumber(ARGV[2]), 0
  local closed, forbidding, left = {}, {}, {}

  local function go(number, pks, with)
    local now, later = {}, {}
    for _, pk in ipairs(pks) do
      local record = closed_before(ARGV[1], pk)
      if record and select(3, record_parts(record)) == with then
        now[#now + 1] = pk -- this step is executed once more
      elseif record then
        -- by another step of this deletion
      elseif most > 0 then
        check_references(ARGV[3], pk)
        close_object(ARGV[1], pk, with)
        now[#now + 1], most = pk, most - 1
      else
        later[#later + 1] = pk
      end
    end
    closed[#closed + 1] = #now > 0 and { number, now } or nil
    left[#left + 1] = #later > 0 and { number, later } or nil
  end

  local function look(number, partition, reference, pk)
    local policy, kind, key, whole = unpack(reference)
    local owners = owners_in(kind)
    current_key = owners.key_of and owners.key_of(key, pk) or key
    if policy == 'clear' then
      refers = owners.count(key, pk) > 0 and 1 or refers
      return
    end
    local found = whole ~= '1' and owners.some and existing(owners.some(key, pk, 100)) or {}
    if #found == 0 then
      found = existing(owners.list(key, pk))
    end
    if #found == 0 then
      return
    end
    refers = 1
    if policy == 'cascade' then
      go(number, found, partition[1] .. '\0' .. pk)
    else
      forbidding[#forbidding + 1] = { number, whole == '1' and found or { found[1] } }
    end
  end

  for first = at, #ARGV, 3 do
    look((first - at) / 3 + 1, partitions[tonumber(ARGV[first])], references[tonumber(ARGV[first + 1])], ARGV[first + 2])
  end
  local may_be_referred = #closed > 0 and #known > 0
  return { 'ok', may_be_referred and tick_clock() or 0, refers, closed, forbidding, left }
end)
