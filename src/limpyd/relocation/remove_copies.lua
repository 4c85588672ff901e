#!lua
-- Removes copies of objects that have changed or are gone at the origin, with their index entries and digests.
--
-- KEYS   1  the set of primary keys
--        2  the catalog
--        3  the digests of the copies
-- ARGV   1  a count of primary keys, and those
--        …  the keys and indexes of the model (see lua/library/unindex_object.lua)
-- Reply  'ok'; or 'transform', 'error', 'broken' (see lua/library/journal.lua)
-- @guarded
-- @requires atomically call current_key transform_request unindex_object unlink_object

local last_pk = 1 + ARGV[1]
local first = last_pk + 1
ARGV.promises = false -- there are no claims yet

return atomically(function()
  local removed = {}
  for at = 2, last_pk do
    if unindex_object(KEYS[1], ARGV[at], first, #ARGV) then
      removed[#removed + 1] = ARGV[at]
    end
  end
  if transform_request then
    return { 'ok' }
  end
  for _, pk in ipairs(removed) do
    current_key = KEYS[3]
    call('HDEL', KEYS[3], pk)
    unlink_object(pk, first, KEYS[2]) -- which cannot be taken back
  end
  return { 'ok' }
end)
