-- Runs a command on a field of one value, such as HINCRBY or APPEND. Then it reads the new value, and updates the
-- indexes of the field. All or nothing.
--
-- The general script for this is scripts/write.lua, with lua/library/scalar_commands.lua.
--
-- KEYS   1  the set of primary keys
--        2  the catalog of the model
--        3  a key that never exists
-- ARGV   1  the epoch
--        2… names and keys
--        $command  the command
--        $pk  the primary key
--        $first…  the arguments of the command after the key
-- Reply  the reply of the command, if it is no list; 'ok' and a list; or 'gone', 'unique', 'absent', 'unindexable',
--        'transform', 'constraint', 'error', 'broken' (see lua/library/journal.lua)
-- $guard
-- $requires
local pk, at, failed, outcome, before, after, stored = $pk, KEYS[1], false, false, false, false, false
local key = $key
local $locals
local reply = call('SISMEMBER', at, pk)
if reply == 0 then
  return { 'gone' }
end
repeat
  if reply ~= 1 then failed = reply break end
  at = key
  before = $read
  if type(before) == 'table' then failed = before break end
  local result = call($command, key, $arguments)
  if type(result) == 'table' and result.err then failed = result break end
  stored = true
  -- $learn
  if type(after) == 'table' then failed = after break end
  if before ~= after then
    -- $limits
    -- $check
    -- $remove
    -- $add
    -- $take_out
  end
  if type(result) == 'number' and (result >= 2 ^ 53 or result <= -2 ^ 53) then
    return after -- which Lua did not round
  end
  return type(result) == 'table' and not result.ok and { 'ok', result } or result
until true

-- $undo_function
-- $undo
if stored and before ~= after then
  $restore
end
return rollback_error or outcome or { 'error', failed.err, at, call('TYPE', at).ok or 'none' }
