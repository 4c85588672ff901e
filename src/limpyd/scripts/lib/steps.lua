-- Runs write commands on fields of one value of an object, and makes their indexes follow.
--
-- ARGV tells them from a position to another: each the prefix of the field's key, how it is stored and its sub-key
-- (see lib/values), a count of its indexes, the indexes (see lib/add_entry), the command, a count of the arguments
-- that follow its key, and those. Replies are put into `outcome` from its third place on. Where the value is always
-- noted (`always_kept`), the commands can be taken back when something after them fails. Gives whether any key that was
-- written to is there, if that is asked (`making`). Indexes of several fields follow with `follow_composites`.
-- @requires call exactly expiry_of follow_value goes_on make_upkeep placed read_value subject_key undo_write upkeep
-- @provides run_steps

local function run_steps(pk, at, last, outcome, always_kept, making)
  local done, stored_any = 0, false
  while at <= last do
    local key, stored, sub = placed(ARGV[at], pk), ARGV[at + 1], ARGV[at + 2]
    local first_index = at + 4
    local command_at = first_index + 3 * ARGV[at + 3]
    local next_at = command_at + 2 + ARGV[command_at + 1]
    local last_index = command_at - 1
    local indexed = last_index > first_index
    if indexed and string.byte(ARGV[last_index - 2]) == 38 then
      upkeep = upkeep or make_upkeep()
      last_index = upkeep.note_composites(first_index, last_index, pk)
    end
    -- The value before is needed for the indexes, and to take the command back if a later one fails.
    local kept = indexed or always_kept or goes_on or done > 0 or next_at <= last
    local before = kept and read_value(stored, key, sub)
    -- An indexed value has no expiry, but for one that others gave it.
    local may_expire = goes_on or not indexed or ARGV[first_index] == 'inv' and last_index == first_index + 2
    local expires = before and may_expire and expiry_of(stored, key, sub)
    subject_key = key
    done = done + 1
    local reply = call(ARGV[command_at], key, unpack(ARGV, command_at + 2, next_at - 1))
    if kept then
      undo_write(stored, key, sub, before, expires)
    end
    outcome[done + 2] = exactly(reply, kept, ARGV[command_at], key, sub)
    if indexed then
      local after = read_value(stored, key, sub)
      if before ~= after then
        follow_value(first_index, last_index, before, after, pk, done - 1)
      end
    end
    -- An object comes into being with its first value; a command that stores none makes no object.
    if making and not stored_any then
      stored_any = call('EXISTS', key) == 1
    end
    at = next_at
  end
  return stored_any
end
