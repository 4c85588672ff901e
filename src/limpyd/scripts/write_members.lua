#!lua
-- Runs write commands on fields of any type, also such as work on several fields at once, and keeps
-- their indexes: all of it, or nothing. (write.lua does the same for fields of one value, with less.)
--
-- KEYS   the set of primary keys of the object; the last automatic one; the sets of primary keys of
--        other objects that take part; and a key of each slot that is only read
-- ARGV   '1' if the object has no primary key yet; its primary key; a count of other objects, each the
--        number of its set among KEYS and its primary key; and commands, each:
--          a count of places (see lib/tracking), each: the number of its object (0, or of the others),
--          the prefix of its key, how it is stored, the scope, the first member and the step, a count of
--          its indexes, and those (see lib/add_entry);
--          the command, where among its arguments the first place's key is to stand, a count of the other
--          arguments, and those
-- Reply  'ok', the primary key or false if none was needed, the replies of the commands; or 'gone',
--        'unique', 'unindexable', 'asked', 'error' (see lib/atomic)
-- @include atomic if_known values add_entry remove_entry upkeep mint look_at_all members undoing tracking

return atomically(function()
  local pks = { [0] = ARGV[2] }
  local new, stored_any = ARGV[1] == '1', false
  if new then
    pks[0] = mint()
  else
    subject_key = KEYS[1]
    if call('SISMEMBER', KEYS[1], ARGV[2]) == 0 then
      refuse('gone', 0)
    end
  end
  local others = tonumber(ARGV[3])
  local at, last = 4 + 2 * others, #ARGV
  for number = 1, others do
    local set = KEYS[tonumber(ARGV[2 + 2 * number])]
    subject_key = set
    pks[number] = ARGV[3 + 2 * number]
    if call('SISMEMBER', set, pks[number]) == 0 then
      refuse('gone', number)
    end
  end

  local outcome, done, number = { 'ok', pks[0] }, 0, 0
  while at <= last do
    local places, indexed = {}, false
    local count = tonumber(ARGV[at])
    at = at + 1
    for place = 1, count do
      local pk, indexes = pks[tonumber(ARGV[at])], tonumber(ARGV[at + 6])
      places[place] = {
        pk = pk,
        key = ARGV[at + 1] .. pk,
        stored = ARGV[at + 2],
        scope = ARGV[at + 3],
        first = tonumber(ARGV[at + 4]),
        step = tonumber(ARGV[at + 5]),
        first_index = at + 7,
        last_index = at + 6 + 3 * indexes,
        number = number,
      }
      places[place].last_alone = places[place].last_index
      if indexes > 0 then
        upkeep = upkeep or make_upkeep()
        places[place].last_alone = upkeep.note_composites(places[place].first_index, places[place].last_index, pk)
      end
      number = number + 1
      indexed = indexed or indexes > 0
      at = at + 7 + 3 * indexes
    end
    local command, key_at, key = ARGV[at], tonumber(ARGV[at + 1]), places[1].key
    local first_arg, last_arg = at + 3, at + 2 + ARGV[at + 2]
    at = last_arg + 1

    -- What was there is needed for the indexes, and to take the command back if a later one fails.
    local kept = indexed or goes_on or done > 0 or at <= last
    if kept then
      for place = 1, count do
        if places[place].scope ~= 'nothing' then
          track(places[place], command, first_arg, last_arg)
        end
      end
    end
    subject_key = key
    local reply
    if key_at == 1 then
      reply = call(command, key, unpack(ARGV, first_arg, last_arg))
    else
      local args = { unpack(ARGV, first_arg, last_arg) }
      table.insert(args, key_at, key)
      reply = call(command, unpack(args))
    end
    done = done + 1
    outcome[done + 2] = reply
    if kept then
      for place = 1, count do
        if places[place].scope ~= 'nothing' then
          follow(places[place], tracked(places[place], command, first_arg, last_arg, reply))
        end
      end
    end
    -- An object comes into being with its first value; a command that stores none makes no object.
    if new and not stored_any then
      stored_any = call('EXISTS', key) == 1
    end
  end

  if upkeep then
    upkeep.follow_composites()
  end
  if new and not stored_any then
    outcome[2] = false
    take_back(outcome)
  end
  return outcome
end)
