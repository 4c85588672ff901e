#!lua flags=no-writes
-- Tells which keys exist.
--
-- KEYS   the keys
-- Reply  those of them that exist, in the same order

local existing = {}
for _, key in ipairs(KEYS) do
  if redis.call('EXISTS', key) == 1 then
    existing[#existing + 1] = key
  end
end
return existing
