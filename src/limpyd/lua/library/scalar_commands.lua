-- Runs write commands on fields of one value of an object, which their indexes follow.
--
-- The statements compiled for a model are statements/lua/write.lua and statements/lua/scalar_command.lua.
--
-- In ARGV, from one position to another, each command is:
-- @layout ValueCommand
--    1 prefix   the prefix of its key
--    2 stored   how it is stored, see lua/library/values.lua
--    3 sub      its sub-key in the hash, or ''
--    4 indexes  its indexes, those of several fields last: a count, and for each
--          kind  the name of its kind, see lua/library/index_kinds.lua
--          form  the form of its texts, see lua/library/forms.lua
--          key   its key, or the prefix of its keys
--      command  the command
--      args     the arguments that follow its key: a count, and those
-- @end
-- The replies are added to `outcome`, from position 3 on. If `always_journaled`, all changes are noted, since something
-- after the commands may fail. If `creating`, returns whether any key that was written to exists. Composite indexes
-- follow by `follow_composites`, which the caller runs.
-- @requires call current_key exactly expiry_of has_index in_transaction index_updates key_from_template
-- @requires make_index_updates patch_of read_value undo_write update_indexes
-- @provides run_scalar_commands

local function run_scalar_commands(pk, at, last, outcome, always_journaled, creating)
  local done, stored_any = 0, false
  while at <= last do
    -- @reads ValueCommand at
    local prefix, stored, sub = ARGV[at], ARGV[at + 1], ARGV[at + 2]
    local first_index, last_index = at + 4, at + 3 + 3 * ARGV[at + 3]
    local command = ARGV[last_index + 1]
    local first_arg, last_arg = last_index + 3, last_index + 2 + ARGV[last_index + 2]
    -- @end
    local key = key_from_template(prefix, pk)
    local indexed = last_index > first_index
    -- An indexed value has no expiry, unless something other than limpyd set it.
    local may_expire = in_transaction or not has_index(first_index, last_index)
    if indexed and string.byte(ARGV[last_index - 2]) == 38 then
      index_updates = index_updates or make_index_updates()
      last_index = index_updates.note_composites(first_index, last_index, pk)
    end
    -- The value before is needed for the indexes, and to take the command back if a later one fails.
    local journaled = indexed or always_journaled or in_transaction or done > 0 or last_arg < last
    local note_patch = journaled and not indexed and patch_of(command, key, first_arg, last_arg, creating)
    local before = journaled and not note_patch and read_value(stored, key, sub)
    local expires = before and may_expire and expiry_of(stored, key, sub)
    current_key = key
    done = done + 1
    local reply = call(command, key, unpack(ARGV, first_arg, last_arg))
    if note_patch then
      note_patch()
    elseif journaled then
      undo_write(stored, key, sub, before, expires)
    end
    outcome[done + 2] = exactly(reply, journaled, command, key, sub)
    if indexed then
      local after = read_value(stored, key, sub)
      if before ~= after then
        update_indexes(first_index, last_index, before, after, pk, done - 1)
      end
    end
    -- A new object exists from its first value on; a command that stores none creates no object.
    if creating and not stored_any then
      stored_any = call('EXISTS', key) == 1
    end
    at = last_arg + 1
  end
  return stored_any
end
