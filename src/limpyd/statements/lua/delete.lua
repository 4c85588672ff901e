-- Deletes an object whose indexed fields are of one value each: membership, index entries, then all its keys.
--
-- The general script for this is scripts/delete.lua, with lua/library/unindex_object.lua.
--
-- KEYS   1  the set of primary keys
--        2  the catalog of the model
--        3  a key that never exists
-- ARGV   1  the epoch
--        2  the primary key
-- Reply  1; or 'gone', 'transform', 'error', 'broken' (see lua/library/journal.lua); or 'undecided', with nothing
--        changed, if the catalog has references to the model, or keys of its objects, that the process does not declare
-- $guard
-- $requires
if not records[2] or records[3] or $keys_differ then
  return { 'undecided' }
end
$tag
local pk, at, failed, outcome, listed = ARGV[2], KEYS[1], false, false, false
local hash = $hash
local $locals
local reply = call('SREM', at, pk)
if reply == 0 then
  return { 'gone' }
end
repeat
  if reply ~= 1 then failed = reply break end
  listed = true
  -- $read
  -- $follow
  at = hash
  reply = call('UNLINK', $keys)
  if type(reply) ~= 'number' then failed = reply break end
  return 1
until true

-- $undo_function
-- $undo
if listed then
  undo('SADD', KEYS[1], pk)
end
return rollback_error or outcome or { 'error', failed.err, at, call('TYPE', at).ok or 'none' }
