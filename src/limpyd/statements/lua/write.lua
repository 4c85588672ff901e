-- Gives fields of one value of an object other values, which their indexes follow: all of it, or nothing.
--
-- KEYS   1 the set of primary keys   2 the catalog of the model   3 a key that never exists
-- ARGV   1 the epoch   2… names and keys   $pk the primary key, and of each field that gets a value that, and what
--        those of its indexes keep of it that do not keep it itself; and last the version that it is to have, or '', if it
--        is counted
-- Reply  that of the last command, or the new version; or 'gone', 'stale', 'unique', 'absent', 'transform', 'error',
--        'broken' (see lua/library/journal)
-- $guard
-- $requires
local pk, at, failed, outcome, result = $pk, KEYS[1], false, false, false
-- $values
local $locals
local reply = call('SISMEMBER', at, pk)
if reply == 0 then
  return { 'gone' }
end
repeat
  if reply ~= 1 then failed = reply break end
  -- $read
  -- $check
  -- $first
  -- $second
  return $result
until true

-- $undo_function
-- $undo
return rollback_error or outcome or { 'error', failed.err, at, call('TYPE', at).ok or 'none' }
