-- Runs write commands on fields of one value of an object, and makes their indexes follow.
--
-- ARGV tells them from a position to another, each:
-- @layout ValueCommand
--    1 prefix   what its key begins with
--    2 stored   how it is stored, see values and look_at_all
--    3 sub      its sub-key in the hash, or ''
--    4 indexes  its indexes, those of several fields last: a count, and of each
--          kind  see add_entry
--          form  what it keeps of a value, see forms
--          key   its key, or what its keys begin with
--      command  the command
--      args     the arguments that follow its key: a count, and those
-- @end
-- Replies are put into `outcome` from its third place on. Where the value is always
-- noted (`always_kept`), the commands can be taken back when something after them fails. Gives whether any key that was
-- written to is there, if that is asked (`making`). Indexes of several fields follow with `follow_composites`.
-- @requires call exactly expiry_of follow_value goes_on make_upkeep patched placed read_value subject_key undo_write
-- @requires upkeep
-- @provides run_steps

local function run_steps(pk, at, last, outcome, always_kept, making)
  local done, stored_any = 0, false
  while at <= last do
    -- @reads ValueCommand at
    local prefix, stored, sub = ARGV[at], ARGV[at + 1], ARGV[at + 2]
    local first_index, last_index = at + 4, at + 3 + 3 * ARGV[at + 3]
    local command = ARGV[last_index + 1]
    local first_arg, last_arg = last_index + 3, last_index + 2 + ARGV[last_index + 2]
    -- @end
    local key = placed(prefix, pk)
    local indexed = last_index > first_index
    if indexed and string.byte(ARGV[last_index - 2]) == 38 then
      upkeep = upkeep or make_upkeep()
      last_index = upkeep.note_composites(first_index, last_index, pk)
    end
    -- The value before is needed for the indexes, and to take the command back if a later one fails.
    local kept = indexed or always_kept or goes_on or done > 0 or last_arg < last
    local note_patch = kept and not indexed and patched(command, key, first_arg, last_arg, making)
    local before = kept and not note_patch and read_value(stored, key, sub)
    -- An indexed value has no expiry, but for one that others gave it.
    local may_expire = goes_on or not indexed or ARGV[first_index] == 'inv' and last_index == first_index + 2
    local expires = before and may_expire and expiry_of(stored, key, sub)
    subject_key = key
    done = done + 1
    local reply = call(command, key, unpack(ARGV, first_arg, last_arg))
    if note_patch then
      note_patch()
    elseif kept then
      undo_write(stored, key, sub, before, expires)
    end
    outcome[done + 2] = exactly(reply, kept, command, key, sub)
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
    at = last_arg + 1
  end
  return stored_any
end
