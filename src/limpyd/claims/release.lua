#!lua flags=allow-oom
-- Removes claims of values that were given up, unless others were made since.
--
-- KEYS   the claims of indexes: hashes from values to records
-- ARGV   for each key a value and the nonce of its claim
-- Reply  how many were removed
-- @guarded
-- @requires claim_parts

local removed = 0
for at = 1, #KEYS do
  local _, nonce = claim_parts(redis.call('HGET', KEYS[at], ARGV[2 * at - 1]))
  if nonce == ARGV[2 * at] then
    removed = removed + redis.call('HDEL', KEYS[at], ARGV[2 * at - 1])
  end
end
return removed
