-- Creates an object: primary key, membership, values and indexes.
--
-- The general script for this is scripts/create.lua, with lua/library/create.lua.
--
-- KEYS   1  the set of primary keys
--        2  the catalog of the model
--        3  a key that never exists
--        4  the last automatic primary key, if primary keys are automatic
-- ARGV   1  the epoch
--        2  the primary key, if it is given
--        3  one character for each field of one value and each composite index: 1 if it gets a value, else 0
--        4  the same for each field of many members, if the model has some
--        …  for each field of one value that gets a value: the value, then the text that each of its indexes keeps, if
--           that is not the value itself
--        …  for each composite index that gets a value: the text that it keeps
--        …  for each field of many members that gets some: a command, a count of arguments, those arguments, a count of
--           keys of its indexes, and those keys
-- Reply  the primary key; or 'taken', 'occupied', 'unique', 'absent', 'error', 'broken' (see lua/library/journal.lua)
-- $guard
$tag
-- $counter
local pk, given = ARGV[2], ARGV[3]
local whole = given == $whole
local at, failed, outcome, reply = KEYS[1], false, false, false
local counted, moved_from, listed, hash, stored = false, false, false, false, false
local $locals
-- $member_locals
repeat
  -- $list
  hash = $hash
  at = hash
  reply = call('EXISTS', $keys)
  if reply ~= 0 then
    failed = reply
    for _, key in ipairs(type(reply) == 'number' and { $keys } or {}) do
      if call('EXISTS', key) == 1 then outcome = { 'occupied', key, call('TYPE', key).ok or 'none' } break end
    end
    break
  end
  at = hash
  if whole then
    reply = $store_whole
  else
    local values, last = $first
    -- $collect
    reply = last > 0 and call('HSET', hash, unpack(values)) or 0
  end
  if type(reply) ~= 'number' then failed = reply break end
  stored = reply > 0
  -- $follow
  -- $members
  return pk
until true

-- $undo_function
-- $undo
if stored then
  undo('DEL', hash)
end
if listed then
  undo('SREM', KEYS[1], pk)
end
if moved_from then
  undo('SET', KEYS[4], moved_from)
end
if type(counted) == 'number' then
  $uncount
end
return rollback_error or outcome or { 'error', failed.err, at, call('TYPE', at).ok or 'none' }
