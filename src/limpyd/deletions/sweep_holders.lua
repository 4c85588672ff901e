#!lua flags=allow-oom
-- Takes references to deleted objects away, or deletes the objects that refer. Ends after some milliseconds, so that
-- others need not wait. Whatever was checked before the deletion is void from now on.
--
-- KEYS   1  the set of primary keys of the model that refers
-- ARGV   1  the token for the tombs of objects that are deleted, or '' if none can refer to them
--        2  the token of the deletion that closed what goes with the objects, or '' if it closed nothing
--        3  how many milliseconds to sweep for
--        4  a count of references, and for each its policy, the kind and the key of its index, 'one' or 'many', and a
--           count of arguments, and those: the command that takes the reference away (see lua/library/cascade.lua)
--        …  a count of partitions of the objects, and for each its hash tag, the time of the deletion there, and
--           '1' if the sweep was taken over from somebody, whose sweep is void from now on
--        …  a count of texts, and those, for each object and reference the number of the partition, that of the
--           reference, the primary key
--        …  see lua/library/departure.lua, of the model that refers
-- Reply  'ok'; how many objects and references are done; the time; the primary keys of the objects that were deleted;
--        or 'late', the number of the partition of the objects, counted from 1, and a time, if somebody has taken the
--        sweep over, with nothing changed; or 'undeclared', 'transform', 'error' (see lua/library/journal.lua)
-- @guarded
-- @requires atomically call clear_reference current_key index_updates owners_in raise_bar read_departure record_parts
-- @requires refuse seconds_now

local began, decision, seconds = seconds_now(), ARGV[2], ARGV[3] / 1000
local prefix = string.match(KEYS[1], '^{[^}]*}[^:]*:')

local function read_sweep()
  local references, partitions, at = {}, {}, 5
  for number = 1, ARGV[4] do
    local first = at + 5
    references[number] = {
      policy = ARGV[at],
      kind = ARGV[at + 1],
      key = ARGV[at + 2],
      many = ARGV[at + 3] == 'many',
      first = first,
      last = first - 1 + ARGV[at + 4],
    }
    at = first + ARGV[at + 4]
  end
  for number = 1, ARGV[at] do
    local tag = at + 3 * number - 2
    partitions[number] = { tag = ARGV[tag], time = ARGV[tag + 1], is_renewed = ARGV[tag + 2] == '1' }
  end
  return references, partitions, at + 1 + 3 * ARGV[at]
end

local function raise_bars(partitions)
  current_key = prefix .. 'barred'
  for number, partition in ipairs(partitions) do
    local renewed = call('HGET', current_key, '\0' .. partition.tag)
    if renewed and tonumber(renewed) > tonumber(partition.time) then
      refuse('late', number, renewed)
    end
  end
  for _, partition in ipairs(partitions) do
    raise_bar(partition.tag, partition.time)
    if partition.is_renewed then
      raise_bar('\0' .. partition.tag, partition.time)
    end
  end
end

local function goes(reference, holder)
  if decision == '' then
    return reference.policy == 'cascade'
  end
  current_key = prefix .. 'closing'
  return record_parts(call('HGET', current_key, holder)) == decision
end

return atomically(function()
  local references, partitions, at = read_sweep()
  raise_bars(partitions)
  local departure, done, swept = read_departure(at + 1 + ARGV[at]), 0, 0

  -- Returns whether an object does not refer any more, or is none.
  local function sweep(reference, holder, pk)
    current_key = KEYS[1]
    if call('SISMEMBER', KEYS[1], holder) == 0 then
      return false
    elseif goes(reference, holder) then
      departure.take(holder)
    elseif reference.policy == 'clear' then
      clear_reference(reference, KEYS[1], holder, pk)
    else
      return false -- it was written without a check, after the decision
    end
    swept = swept + 1
    return true
  end

  -- Returns whether all is done that can be done.
  local function sweep_all(reference, pk, holders)
    local clean = true
    for _, holder in ipairs(holders) do
      clean = sweep(reference, holder, pk) and clean
      if swept > 0 and seconds_now() - began > seconds then
        return false, clean
      end
    end
    return true, clean
  end

  local function sweep_object(reference, pk)
    local owners, most, ended, clean, some = owners_in(reference.kind), 500, true, true, nil
    current_key = owners.key_of and owners.key_of(reference.key, pk) or reference.key
    while owners.some and ended and clean do
      some = owners.some(reference.key, pk, most)
      ended, clean = sweep_all(reference, pk, some)
      if ended and clean and #some < most then
        return true
      end
    end
    return ended and sweep_all(reference, pk, owners.list(reference.key, pk))
  end

  if index_updates then
    index_updates.forget_composites()
  end
  for task = at + 1, at + ARGV[at], 3 do
    local reference = references[tonumber(ARGV[task + 1])]
    if not sweep_object(reference, ARGV[task + 2]) then
      break
    end
    done = done + 1
  end
  if index_updates then
    index_updates.follow_composites()
  end
  return { 'ok', done, departure.leave() or 0, departure.gone }
end)
