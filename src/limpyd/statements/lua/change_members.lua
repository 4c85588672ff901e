-- Adds members to a field of many members, or removes some, one after the other; its indexes follow. All or nothing.
--
-- The general script for this is scripts/write_members.lua, with lua/library/member_commands.lua.
--
-- KEYS   1  the set of primary keys
--        2  the catalog of the model
--        3  a key that never exists
-- ARGV   1  the epoch
--        2… names and keys
--        $pk  the primary key
--        $first…  for each member: its arguments of the command (the score of a sorted set, the member), then the text
--           that each index keeps of it, if that is not the member itself
-- Reply  the reply of the command; or 'gone', 'unique', 'absent', 'constraint', 'error', 'broken' (see lua/library/journal.lua)
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
  -- $size
  return count
until true

-- $undo_function
for number = earlier and #earlier or 0, 0, -1 do
  -- $undo
  -- $restore
  if number > 0 then first, member, changes, before, $locals = unpack(earlier[number], 1, $known) end
end
return rollback_error or outcome or { 'error', failed.err, at, call('TYPE', at).ok or 'none' }
