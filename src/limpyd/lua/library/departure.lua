-- Deletes objects to which objects of other partitions may refer (see limpyd.deletions), and leaves tombs of them.
--
-- ARGV   from a position to the end:
--          the token for the tombs, or '' for none
--          the token of the deletion that closed what goes with the objects, or '' if it closed nothing
--          the most changes (see lua/library/changes.lua), or ''
--          a count of keys of indexes, those of the references to the model that the process knows
--          the catalog of the model
--          the keys and indexes of its objects (see lua/library/unindex_object.lua)
-- @requires call current_key deletion_record known_references limit_changes make_deletion_count transform_request
-- @requires undo_with unindex_object unlink_object
-- @provides read_departure

local function read_departure(at)
  local token, decision, last_known = ARGV[at], ARGV[at + 1], at + 3 + ARGV[at + 3]
  limit_changes(ARGV[at + 2])
  for each = at + 4, last_known do
    known_references[ARGV[each]] = true
  end
  local meta, first, gone = ARGV[last_known + 1], last_known + 2, {}
  local prefix, count = string.match(KEYS[1], '^{[^}]*}[^:]*:'), make_deletion_count(first, #ARGV)

  -- Removes an object from everything that can be restored.
  local function take(pk)
    count(pk)
    unindex_object(KEYS[1], pk, first, #ARGV, meta)
    gone[#gone + 1] = pk
  end

  -- Removes the rest, and returns the time of it, 0 if there are no tombs; nothing if the step is to be taken back.
  local function leave()
    if transform_request then
      return
    end
    current_key = prefix .. 'clock'
    local time = token ~= '' and #gone > 0 and call('INCR', current_key) or 0
    for each = 1, #gone do
      current_key = prefix .. 'closing'
      local closing = call('HGET', current_key, gone[each])
      if closing then
        call('HDEL', current_key, gone[each])
        undo_with('HSET', current_key, gone[each], closing)
      end
      if token ~= '' then
        current_key = prefix .. 'tomb'
        call('HSET', current_key, gone[each], deletion_record(token, decision))
        undo_with('HDEL', current_key, gone[each])
      end
    end
    for each = 1, #gone do
      unlink_object(gone[each], first, meta)
    end
    return time
  end

  return { take = take, leave = leave, gone = gone }
end
