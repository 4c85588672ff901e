-- Adds members to a value of many, or takes some out, one after the other; its indexes follow: all of it, or nothing.
--
-- KEYS   1 the set of primary keys   2 the catalog of the model   3 a key that never exists
-- ARGV   1 the epoch   2… names and keys   $pk the primary key, and of each member its arguments of the command, and what
--        those of its indexes keep of it that do not keep it itself
-- Reply  that of the command; or 'gone', 'unique', 'absent', 'error', 'broken' (see lua/library/journal)
-- $guard
local pk, at, failed, outcome, count, earlier = $pk, KEYS[1], false, false, 0, false
local key = $key
local first, member, changes, before
local $locals
local reply = call('SISMEMBER', at, pk)
if reply == 0 then
  return { 'gone' }
end
repeat
  if reply ~= 1 then failed = reply break end
  for place = $first, #ARGV, $width do
    if member then
      earlier = earlier or {}
      earlier[#earlier + 1] = { first, member, changes, before, $locals }
    end
    first = place
    member, changes, before = $member, false, false
    $locals = nil
    at = key
    -- $run
    if changes then
      -- $follow
    end
  end
  if failed or outcome then break end
  return count
until true

-- $undo_function
for number = earlier and #earlier or 0, 0, -1 do
  -- $undo
  -- $restore
  if number > 0 then first, member, changes, before, $locals = unpack(earlier[number], 1, $known) end
end
return rollback_error or outcome or { 'error', failed.err, at, call('TYPE', at).ok or 'none' }
