#!lua flags=no-writes
-- Finds references to a model that its catalog records (see lua/library/catalog_records.lua), and a process does not know.
--
-- KEYS   1  the catalog
-- ARGV   the keys of the indexes of the references that the process knows
-- Reply  for each other reference the model and the field, the catalog of that model, and the name of the index there

local known, unknown = {}, {}
for at = 1, #ARGV do
  known[ARGV[at]] = true
end
local packed = redis.call('HGET', KEYS[1], ':references')
for label, facts in pairs(packed and cmsgpack.unpack(packed) or {}) do
  if not known[facts[2]] then
    unknown[#unknown + 1] = { label, facts[4], facts[5] }
  end
end
return unknown
