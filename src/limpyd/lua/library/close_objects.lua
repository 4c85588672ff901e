-- Closes objects for a deletion, which asks others whether it may delete them: from now on nobody may refer to them.
-- @requires call current_key deletion_record record_parts refuse undo_with
-- @provides close_object closed_before tick_clock

-- Returns whether a deletion has closed an object before.
--
-- Refuses to go on if another one has: 'busy', the primary key, the record.
local function closed_before(token, pk)
  current_key = string.match(KEYS[1], '^{[^}]*}[^:]*:') .. 'closing'
  local record = call('HGET', current_key, pk)
  if record and record_parts(record) ~= token then
    refuse('busy', pk, record)
  end
  return record
end

-- Closes an object; `with` is the one that it goes with, as the record has it.
local function close_object(token, pk, with)
  local before = closed_before(token, pk)
  call('HSET', current_key, pk, deletion_record(token, with))
  undo_with(before and 'HSET' or 'HDEL', current_key, pk, before)
end

-- Returns the time of what is done now; what was promised before can be told from it.
local function tick_clock()
  current_key = string.match(KEYS[1], '^{[^}]*}[^:]*:') .. 'clock'
  return call('INCR', current_key)
end
