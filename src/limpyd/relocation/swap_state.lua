#!lua flags=allow-oom
-- Changes what the catalog of a partition says of a relocation (see relocation/states.py), if it says what is expected.
--
-- KEYS   1  the set of primary keys
--        2  the catalog
-- ARGV   1  a new random epoch; '' to leave the epoch as it is
--        2  '1' if there must be no objects
--        3  a count of expected entries, and for each its name and its value; '' if there is to be none
--        …  for each entry that changes its name and its new value; '' to remove it
-- Reply  1 if it was changed, else 0; 1 if there are objects, else 0; then the entries that relocation/states.py names

local last_expected = 3 + 2 * ARGV[3]
local has_objects = redis.call('EXISTS', KEYS[1])
local as_expected = ARGV[2] ~= '1' or has_objects == 0
for at = 4, last_expected, 2 do
  as_expected = as_expected and (redis.call('HGET', KEYS[2], ARGV[at]) or '') == ARGV[at + 1]
end
if as_expected then
  for at = last_expected + 1, #ARGV, 2 do
    if ARGV[at + 1] == '' then
      redis.call('HDEL', KEYS[2], ARGV[at])
    else
      redis.call('HSET', KEYS[2], ARGV[at], ARGV[at + 1])
    end
  end
  if ARGV[1] ~= '' then
    redis.call('HSET', KEYS[2], ':epoch', ARGV[1])
  end
end
local entries = redis.call('HMGET', KEYS[2], ':partitions', ':from', ':leaving', ':arrived', ':emptied')
return { as_expected and 1 or 0, has_objects, unpack(entries) }
