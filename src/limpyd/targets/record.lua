#!lua
-- Records the references of another model to this one, where deletions look for them. Those of models in the same slot
-- are recorded by indexes/maintenance/declare.lua.
--
-- KEYS   1  the catalog of this partition
-- ARGV   for each reference its label; then the kind and the key of the index that finds the objects that refer, the set of
--        primary keys, the catalog and the name of the index there, of the first partition of the other model; and
--        the number of its partitions
-- Reply  how many were new
-- @guarded

local known, added = redis.call('HGET', KEYS[1], ':references'), 0
local references = known and cmsgpack.unpack(known) or {}
for at = 1, #ARGV, 7 do
  local facts = { unpack(ARGV, at + 1, at + 6) }
  if table.concat(references[ARGV[at]] or {}, '\0') ~= table.concat(facts, '\0') then
    references[ARGV[at]], added = facts, added + 1
  end
end
if added > 0 then
  redis.call('HSET', KEYS[1], ':references', cmsgpack.pack(references))
end
return added
