-- Gives a field of one value of an object another value, which its indexes follow: all of it, or nothing.
--
-- KEYS   1 the set of primary keys   2 the catalog of the model   3 a key that never exists
-- ARGV   1 the epoch   2… the names and keys of the field and its indexes   $pk the primary key
--        the value, if it gets one, and what indexes keep of it, if not itself
-- Reply  that of the command; or 'gone', 'unique', 'absent', 'error', 'broken' (see lua/library/atomic)
-- $guard
local pk, value = $pk, $value
local key, at, failed, outcome, before, stored = $key, KEYS[1], false, false, false, false
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
  local changes = before ~= $after
  if changes then
    -- $check
  end
  at = key
  local result = $write
  if type(result) == 'table' and result.err then failed = result break end
  stored = true
  if changes then
    -- $follow
  end
  return result
until true

-- $undo_function
-- $undo
if stored then
  $restore
end
return broken or outcome or { 'error', failed.err, at, call('TYPE', at).ok or 'none' }
