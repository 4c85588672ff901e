-- Runs write commands on fields of any type, which their indexes follow.
--
-- The statement compiled for a model is statements/lua/change_members.lua.
--
-- In ARGV, from one position to another, each command is:
-- @layout MembersCommand
--    1 places   the values that it may change: a count, and for each
--          owner    the number of its object: 0 for the one that is written to, else one of the others
--          prefix   the prefix of its key
--          stored   how it is stored, see lua/library/whole_value.lua
--          scope    the part that the command can change, see lua/library/change_detection.lua
--          first    the position of the first member among the arguments without the key
--          step     the distance from one member to the next
--          indexes  its indexes, those of several fields last: a count, and for each
--              kind  the name of its kind, see lua/library/index_kinds.lua
--              form  the form of its texts, see lua/library/forms.lua
--              key   its key, or the prefix of its keys
--      command  the command
--      key_at   the position of the first place's key among its arguments
--      args     its other arguments: a count, and those
-- @end
--
-- `pks` are the primary keys of the objects by their numbers. If the objects are of several models, `sets` are the sets
-- of all primary keys by the same numbers. The replies are added to `outcome`, from position 3 on. If
-- `always_journaled`, all changes are noted, since something after the commands may fail. If `creating`, returns whether any
-- key that was written to exists.
-- @requires call current_key exactly index_updates is_last_request key_from_template make_index_updates
-- @requires make_member_updates member_updates pk_set
-- @provides run_member_commands

-- The places of a command, whether one of them has indexes, and the position behind them.
local function read_places_of_command(at, pks, sets, number, creating)
  local places, indexed = {}, false
  -- @reads MembersCommand at
  local place_count, first_place = tonumber(ARGV[at]), at + 1
  -- @end
  at = first_place
  for place = 1, place_count do
    -- @reads ChangedField at
    local owner, prefix, stored, scope, first = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4]
    local step = ARGV[at + 5]
    local first_index, last_index = at + 7, at + 6 + 3 * ARGV[at + 6]
    -- @end
    local pk = pks[tonumber(owner)]
    places[place] = {
      pk = pk,
      set = sets and sets[tonumber(owner)] or pk_set,
      key = key_from_template(prefix, pk),
      stored = stored,
      scope = scope,
      first = tonumber(first),
      step = tonumber(step),
      first_index = first_index,
      last_index = last_index,
      number = number + place - 1,
      creating = creating,
    }
    places[place].last_single_index = last_index
    if last_index > first_index then
      indexed = true
      index_updates = index_updates or make_index_updates()
      pk_set = places[place].set
      places[place].last_single_index = index_updates.note_composites(first_index, last_index, pk)
    end
    at = last_index + 1
  end
  return places, indexed, at
end

-- Runs a command with the key among its arguments.
local function run_member_command(command, key_at, key, first_arg, last_arg)
  if key_at == '1' then
    return call(command, key, unpack(ARGV, first_arg, last_arg))
  end
  local args = { unpack(ARGV, first_arg, last_arg) }
  table.insert(args, tonumber(key_at), key)
  return call(command, unpack(args))
end

-- Notes what takes a command back, and then has the indexes follow: one of them may refuse a part of it.
local function follow_member_command(places, indexed, command, first_arg, last_arg, reply)
  for place = 1, #places do
    if places[place].scope ~= 'nothing' then
      member_updates.note_undo(places[place], command, first_arg, last_arg, reply)
    end
  end
  member_updates.undo_move(places, command, first_arg, reply)
  for place = 1, indexed and #places or 0 do
    if places[place].scope ~= 'nothing' then
      pk_set = places[place].set
      member_updates.follow(places[place], member_updates.changes_of(places[place], command, last_arg))
    end
  end
end

local function run_member_commands(pks, at, last, outcome, always_journaled, creating, sets)
  local done, number, stored_any = 0, 0, false
  member_updates = member_updates or make_member_updates()
  while at <= last do
    local places, indexed
    places, indexed, at = read_places_of_command(at, pks, sets, number, creating)
    number = number + #places
    -- @reads MembersCall at
    local command, key_at = ARGV[at], ARGV[at + 1]
    local first_arg, last_arg = at + 3, at + 2 + ARGV[at + 2]
    -- @end
    local key = places[1].key
    at = last_arg + 1

    -- The value before is needed for the indexes, and to take the command back if a later one fails. For a stream it
    -- costs much, so the last command of a transaction does without.
    local journaled = indexed or done > 0 or at <= last or always_journaled and not (is_last_request and places[1].stored == 'stream')
    for place = 1, journaled and #places or 0 do
      if places[place].scope ~= 'nothing' then
        member_updates.track(places[place], command, first_arg, last_arg)
      end
    end
    current_key = key
    if command == 'COPY' then
      member_updates.refuse_another_type(key, places[2].stored)
    end
    local reply = run_member_command(command, key_at, key, first_arg, last_arg)
    done = done + 1
    if journaled then
      follow_member_command(places, indexed, command, first_arg, last_arg, reply)
    end
    outcome[done + 2] = exactly(reply, journaled, command, key, ARGV[first_arg])
    -- A new object exists from its first value on; a command that stores none creates no object.
    if creating and not stored_any then
      stored_any = call('EXISTS', key) == 1
    end
  end
  return stored_any
end
