#!lua flags=no-writes
-- Tells which keys of an object exist.
--
-- KEYS   the set of primary keys, and the keys
-- ARGV   the primary key if the object must exist, else nothing
-- Reply  'ok' and those of the keys that exist, in the same order; or 'gone'

if ARGV[1] and redis.call('SISMEMBER', KEYS[1], ARGV[1]) == 0 then
  return { 'gone' }
end
local existing = { 'ok' }
for at = 2, #KEYS do
  if redis.call('EXISTS', KEYS[at]) == 1 then
    existing[#existing + 1] = KEYS[at]
  end
end
return existing
