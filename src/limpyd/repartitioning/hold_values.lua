#!lua
-- Gives each unique value of a partition the nonce of a claim, if it has none.
--
-- KEYS   1  the nonces of an index: a hash from values
-- ARGV   for each value the value and a new random nonce
-- Reply  the nonce of each value
-- @guarded

local nonces = {}
for at = 1, #ARGV, 2 do
  redis.call('HSETNX', KEYS[1], ARGV[at], ARGV[at + 1])
  nonces[#nonces + 1] = redis.call('HGET', KEYS[1], ARGV[at])
end
return nonces
