#!lua
-- Adds the objects of a parcel (see repartitioning/pack_parcel.lua) to the partition where they belong; those that are
-- there already have arrived before. An object that an index refuses is added without index entries; then no index of
-- the partition counts as built.
--
-- KEYS   1  the set of primary keys
--        2  the catalog
-- ARGV   1  the prefix of all keys of the partition
--        2  a new random epoch
--        3  a count of names, and the names of all indexes in the catalog
--        …  a count of texts, and for each object its primary key, its contents and the nonces of its claims, or ''
--        …  the keys and indexes of the model (see lua/library/unindex_object.lua)
-- Reply  'ok', the number of objects added, and for each that an index refused its primary key and the outcome; or
--        'transform', 'error', 'broken' (see lua/library/journal.lua), or 'both' and a key that exists without an object
-- @guarded
-- @requires abort atomically call index_object pk_set restore_object transform_request with_savepoint

local last_name = 3 + ARGV[3]
local first_object, last_object = last_name + 2, last_name + 1 + ARGV[last_name + 1]
local first = last_object + 1
ARGV.promises = false -- what is unique has its claim

local function index(pk)
  index_object(pk, first, #ARGV)
end

return atomically(function()
  pk_set = KEYS[1]
  local added, refused = 0, {}
  for at = first_object, last_object, 3 do
    ARGV.nonces = ARGV[at + 2] ~= '' and cmsgpack.unpack(ARGV[at + 2])
    if restore_object(KEYS[1], ARGV[1], ARGV[at], ARGV[at + 1]) then
      added = added + 1
      local _, outcome = with_savepoint(index, ARGV[at])
      if outcome and (outcome[1] == 'error' or outcome[1] == 'broken') then
        abort(outcome)
      elseif outcome then
        refused[#refused + 1], refused[#refused + 2] = ARGV[at], outcome
      end
    end
  end
  if #refused > 0 and not transform_request then
    for at = 4, last_name do
      call('HSET', KEYS[2], ARGV[at], '-')
    end
    call('HSET', KEYS[2], ':epoch', ARGV[2])
  end
  return { 'ok', added, refused }
end)
