#!lua flags=no-writes
-- Finds some objects, and computes the digest of each. It is another one whenever a value or an expiry has changed, and
-- may be another one although none has.
--
-- KEYS   1  the set of primary keys
-- ARGV   1  the prefix of all keys of the partition
--        2  the catalog
--        3  the cursor from which to go on
--        4  about how many objects to find
--        …  the keys of the model (see lua/library/unindex_object.lua)
-- Reply  'ok', the next cursor, and a list of the primary key and the digest of each; or 'error' (see
--        lua/library/journal.lua)
-- @requires atomically call current_key object_contents

local first = 5
-- @reads KeysAndIndexes first
local first_prefix, last_prefix = first + 1, first + ARGV[first]
-- @end

return atomically(function()
  current_key = KEYS[1]
  local found, digests = call('SSCAN', KEYS[1], ARGV[3], 'COUNT', ARGV[4]), {}
  for _, pk in ipairs(found[2]) do
    digests[#digests + 1] = pk
    digests[#digests + 1] = redis.sha1hex(object_contents(pk, ARGV[1], ARGV[2], first_prefix, last_prefix))
  end
  return { 'ok', found[1], digests }
end)
