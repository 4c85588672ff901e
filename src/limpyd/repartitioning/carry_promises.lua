#!lua flags=allow-oom
-- Brings a partition what another one, from which it gets objects, knows of the promises of others, and of who refers.
--
-- KEYS   1  the times before which promises of other partitions are void in this one
--        2  the catalog
-- ARGV   1  the record of those who refer to objects of the other partition; '' if there is none
--        …  for each partition that has promised something its name, and the time
-- Reply  how many partitions there are
-- @guarded

for at = 2, #ARGV, 2 do
  if tonumber(redis.call('HGET', KEYS[1], ARGV[at]) or '0') < tonumber(ARGV[at + 1]) then
    redis.call('HSET', KEYS[1], ARGV[at], ARGV[at + 1])
  end
end
if ARGV[1] ~= '' then
  local own = redis.call('HGET', KEYS[2], ':references')
  local references = own and cmsgpack.unpack(own) or {}
  for label, facts in pairs(cmsgpack.unpack(ARGV[1])) do
    references[label] = references[label] or facts
  end
  redis.call('HSET', KEYS[2], ':references', cmsgpack.pack(references))
end
return (#ARGV - 1) / 2
