#!lua
-- Packs objects that move to another partition into a parcel, which is here until they have arrived there; unless there
-- is a parcel for that partition already, which has to arrive first. If the model is in use, objects whose deadline is over
-- are removed instead: other objects, which may move as well, may have their unique values.
--
-- A parcel is a hash: under `nonce` its nonce, under `object:` and a primary key that object (see
-- lua/library/object_contents.lua), and under `nonces:` and the primary key, if it has values that are unique over
-- partitions, the nonces of their claims (see lua/library/with_claims.lua).
--
-- KEYS   1  the set of primary keys
--        2  the parcel
-- ARGV   1  the prefix of all keys of the partition
--        2  the catalog
--        3  a new random nonce
--        4  the bytes after which no more objects are added
--        5  if the model is in use, the number of the partition that the objects move to, else ''
--        6  a count of primary keys, and those
--        …  the keys and indexes of the model (see lua/library/unindex_object.lua)
-- Reply  'ok' and the contents of the parcel; or 'transform', 'error', 'broken' (see lua/library/journal.lua)
-- @guarded
-- @requires atomically call current_key is_expired object_contents transform_request undo_with unindex_object
-- @requires unlink_object

local last_pk = 6 + ARGV[6]
local first = last_pk + 1
-- @reads KeysAndIndexes first
local first_prefix, last_prefix = first + 1, first + ARGV[first]
-- @end
ARGV.promises = false -- what is unique keeps its claim
ARGV.leaving_to = ARGV[5] ~= '' and ARGV[5]

return atomically(function()
  current_key = KEYS[2]
  local parcel = call('HGETALL', KEYS[2])
  if #parcel > 0 then
    return { 'ok', parcel }
  end
  local pks, bytes = {}, 0
  for at = 7, last_pk do
    current_key = KEYS[1]
    if ARGV.leaving_to and is_expired(KEYS[1], ARGV[at]) then
      ARGV.promises = {} -- its claims are given up
      unindex_object(KEYS[1], ARGV[at], first, #ARGV)
      ARGV.promises, pks[#pks + 1] = false, ARGV[at]
    elseif bytes < tonumber(ARGV[4]) and call('SISMEMBER', KEYS[1], ARGV[at]) == 1 then
      local object = object_contents(ARGV[at], ARGV[1], ARGV[2], first_prefix, last_prefix)
      ARGV.nonces = {}
      unindex_object(KEYS[1], ARGV[at], first, #ARGV)
      if next(ARGV.nonces) then
        parcel[#parcel + 1] = 'nonces:' .. ARGV[at]
        parcel[#parcel + 1] = cmsgpack.pack(ARGV.nonces)
      end
      pks[#pks + 1], bytes = ARGV[at], bytes + #object
      parcel[#parcel + 1] = 'object:' .. ARGV[at]
      parcel[#parcel + 1] = object
    end
  end
  if transform_request or #pks == 0 then
    return { 'ok', {} }
  end
  if #parcel > 0 then
    parcel[#parcel + 1], parcel[#parcel + 2] = 'nonce', ARGV[3]
    current_key = KEYS[2]
    undo_with('DEL', KEYS[2])
    call('HSET', KEYS[2], unpack(parcel))
  end
  for at = 1, #pks do
    unlink_object(pks[at], first, ARGV[2]) -- which cannot be taken back
  end
  return { 'ok', parcel }
end)
