-- Runs write commands on fields of any type, and makes their indexes follow.
--
-- ARGV tells them from a position to another, each:
--   a count of places (see lib/tracking), each: the number of its object, the prefix of its key, how it is stored, the
--   scope, the first member and the step, a count of its indexes, and those (see lib/add_entry);
--   the command, where among its arguments the first place's key is to stand, a count of the other arguments, and
--   those
--
-- `pks` are the primary keys of the objects by their numbers, and `sets`, if they are of several models, those of all
-- primary keys of each one's model. Replies are put into `outcome` from its third place on.
-- Where values are always noted (`always_kept`), the commands can be taken back when something after them fails. Gives
-- whether any key that was written to is there, if that is asked (`making`).
-- @requires call exactly is_last make_member_upkeep make_upkeep member_upkeep owners_set placed subject_key upkeep
-- @provides run_member_steps

local function run_member_steps(pks, at, last, outcome, always_kept, making, sets)
  local done, number, stored_any = 0, 0, false
  member_upkeep = member_upkeep or make_member_upkeep()
  while at <= last do
    local places, indexed = {}, false
    local count = tonumber(ARGV[at])
    at = at + 1
    for place = 1, count do
      local pk, indexes = pks[tonumber(ARGV[at])], tonumber(ARGV[at + 6])
      places[place] = {
        pk = pk,
        set = sets and sets[tonumber(ARGV[at])] or owners_set,
        key = placed(ARGV[at + 1], pk),
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
        owners_set = places[place].set
        places[place].last_alone = upkeep.note_composites(places[place].first_index, places[place].last_index, pk)
      end
      number = number + 1
      indexed = indexed or indexes > 0
      at = at + 7 + 3 * indexes
    end
    local command, key_at, key = ARGV[at], tonumber(ARGV[at + 1]), places[1].key
    local first_arg, last_arg = at + 3, at + 2 + ARGV[at + 2]
    at = last_arg + 1

    -- What was there is needed for the indexes, and to take the command back if a later one fails. Of a stream it costs
    -- much, so the last command of a transaction does without.
    local kept = indexed or done > 0 or at <= last or always_kept and not (is_last and places[1].stored == 'stream')
    if kept then
      for place = 1, count do
        if places[place].scope ~= 'nothing' then
          member_upkeep.track(places[place], command, first_arg, last_arg)
        end
      end
    end
    subject_key = key
    if command == 'COPY' then
      member_upkeep.refuse_another_type(key, places[2].stored)
    end
    local reply
    if key_at == 1 then
      reply = call(command, key, unpack(ARGV, first_arg, last_arg))
    else
      local args = { unpack(ARGV, first_arg, last_arg) }
      table.insert(args, key_at, key)
      reply = call(command, unpack(args))
    end
    done = done + 1
    if kept then
      -- All that takes it back is noted before an index may refuse a part of it.
      for place = 1, count do
        if places[place].scope ~= 'nothing' then
          member_upkeep.note_undo(places[place], command, first_arg, last_arg, reply)
        end
      end
      member_upkeep.undo_move(places, command, first_arg, reply)
      for place = 1, indexed and count or 0 do
        if places[place].scope ~= 'nothing' then
          owners_set = places[place].set
          member_upkeep.follow(places[place], member_upkeep.changes_of(places[place], command, last_arg))
        end
      end
    end
    outcome[done + 2] = exactly(reply, kept, command, key, ARGV[first_arg])
    -- An object comes into being with its first value; a command that stores none makes no object.
    if making and not stored_any then
      stored_any = call('EXISTS', key) == 1
    end
  end
  return stored_any
end
