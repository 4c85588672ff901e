#!lua flags=no-writes
-- Finds the object that owns a unique value.
--
-- KEYS   1  the set of primary keys
--        2  the index, a hash from values to primary keys
-- ARGV   1  the value
-- Reply  the primary key; nothing if the value has no owner, or its owner does not exist
-- @guarded

local function refused(reply, key)
  -- @defers wrong_type
  return string.find(reply.err, 'WRONGTYPE', 1, true) and wrong_type(key) or reply
end

local pk = redis.pcall('HGET', KEYS[2], ARGV[1])
if type(pk) ~= 'string' then
  return pk and refused(pk, KEYS[2])
end
local found = redis.pcall('SISMEMBER', KEYS[1], pk)
if type(found) == 'table' then
  return refused(found, KEYS[1])
end
return found == 1 and pk
