#!lua flags=allow-oom
-- Removes objects whose deadline is over: values, index entries and membership. It ends after about 5 ms, but
-- not before those that are named are removed.
--
-- KEYS   1  the set of primary keys
-- ARGV   1  the most objects, besides those that are named
--        2  objects to remove if their deadline is over: a count of primary keys, and those
--        …  the most changes (see lua/library/changes.lua), or ''
--        …  the catalog of the model
--        …  the keys and indexes of its objects (see lua/library/unindex_object.lua)
-- Reply  'ok', the number of objects removed, 1 if no other deadline is over, else 0; or 'large', 'undeclared',
--        'transform', 'error' (see lua/library/journal.lua)
-- @guarded
-- @requires atomically call current_key limit_changes make_deletion_count refuse seconds_now transform_request
-- @requires unindex_object unlink_object with_savepoint

local SECONDS = 0.005

-- Returns the objects whose deadline is over, those that are named first, and the number of these.
local function expired(deadlines, now, last_named)
  local over, is_named = {}, {}
  for at = 3, last_named do
    local deadline = call('ZSCORE', deadlines, ARGV[at])
    if deadline and tonumber(deadline) <= tonumber(now) and not is_named[ARGV[at]] then
      is_named[ARGV[at]] = true
      over[#over + 1] = ARGV[at]
    end
  end
  local named = #over
  for _, pk in ipairs(call('ZRANGEBYSCORE', deadlines, '-inf', now, 'LIMIT', 0, ARGV[1])) do
    if not is_named[pk] then
      over[#over + 1] = pk
    end
  end
  return over, named
end

return atomically(function()
  local last_named = 2 + ARGV[2]
  local meta, first = ARGV[last_named + 2], last_named + 3
  local deadlines = string.sub(KEYS[1], 1, -4) .. 'deadline:object'
  local time = call('TIME')
  local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
  current_key = deadlines
  local over, named = expired(deadlines, now, last_named)

  limit_changes(ARGV[last_named + 1])
  local count, found, stopped, began = make_deletion_count(first, #ARGV), {}, false, seconds_now()
  for number, pk in ipairs(over) do
    current_key = KEYS[1]
    if number > math.max(named, 1) and seconds_now() - began > SECONDS then
      stopped = true
      break
    elseif call('SISMEMBER', KEYS[1], pk) == 0 then
      call('ZREM', deadlines, pk) -- something else than limpyd removed the object
    else
      local _, refused = with_savepoint(count, pk)
      if refused and (number == 1 or refused[1] ~= 'large') then
        refuse(unpack(refused))
      elseif refused then
        stopped = true
        break
      end
      unindex_object(KEYS[1], pk, first, #ARGV, meta)
      found[#found + 1] = pk
    end
  end
  if transform_request then
    return -- what follows cannot be taken back
  end
  for number = 1, #found do
    unlink_object(found[number], first, meta)
    call('ZREM', deadlines, found[number]) -- if the value of the deadline was lost
  end
  local left = stopped or call('ZCOUNT', deadlines, '-inf', now) > 0
  return { 'ok', #found, left and 0 or 1 }
end)
