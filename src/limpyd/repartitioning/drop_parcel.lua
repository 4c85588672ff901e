#!lua flags=allow-oom
-- Removes a parcel whose objects have arrived.
--
-- KEYS   1  the parcel
-- ARGV   1  its nonce
-- Reply  1 if it was removed; 0 if it is another one, or there is none
-- @guarded

if redis.call('HGET', KEYS[1], 'nonce') ~= ARGV[1] then
  return 0
end
return redis.call('UNLINK', KEYS[1])
