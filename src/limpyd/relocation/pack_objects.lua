#!lua flags=no-writes
-- Packs objects that are to be copied (see lua/library/object_contents.lua).
--
-- KEYS   1  the set of primary keys
-- ARGV   1  the prefix of all keys of the partition
--        2  the catalog
--        3  the bytes after which no more objects are packed
--        4  a count of primary keys, and those
--        …  the keys of the model (see lua/library/unindex_object.lua)
-- Reply  'ok', how many of the primary keys were looked at, and a list of the primary key, the digest and the contents
--        of each object that exists; or 'error' (see lua/library/journal.lua)
-- @requires atomically call current_key object_contents

local last_pk = 4 + ARGV[4]
local first = last_pk + 1
-- @reads KeysAndIndexes first
local first_prefix, last_prefix = first + 1, first + ARGV[first]
-- @end

return atomically(function()
  local packed, looked, bytes = {}, 0, 0
  for at = 5, last_pk do
    if bytes >= tonumber(ARGV[3]) then
      break
    end
    looked, current_key = looked + 1, KEYS[1]
    if call('SISMEMBER', KEYS[1], ARGV[at]) == 1 then
      local contents = object_contents(ARGV[at], ARGV[1], ARGV[2], first_prefix, last_prefix)
      packed[#packed + 1], packed[#packed + 2] = ARGV[at], redis.sha1hex(contents)
      packed[#packed + 1], bytes = contents, bytes + #contents
    end
  end
  return { 'ok', looked, packed }
end)
