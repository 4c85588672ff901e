-- Creates an object: primary key, membership, values and indexes.
--
-- KEYS   1 the set of primary keys   2 the catalog of the model   3 a key that never exists
--        4 the last automatic primary key, if they are automatic
-- ARGV   1 the epoch   2 the primary key, if it is given   3 of each field of one value, and each index of several, 1 if it
--        gets a value, else 0   4 of each field of many members the same, if the model has some
--        … of each field of one value that, and what those of its indexes keep of it that do not keep it itself; of each
--        index of several what it keeps; and of each field that gets members a command, how many arguments, those, how
--        many keys of its indexes, and those
-- Reply  the primary key; or 'taken', 'occupied', 'unique', 'absent', 'error', 'broken' (see lua/library/journal)
-- $guard
$tag
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
  undo(counted == 1 and 'DEL' or 'DECR', KEYS[4])
end
return rollback_error or outcome or { 'error', failed.err, at, call('TYPE', at).ok or 'none' }
