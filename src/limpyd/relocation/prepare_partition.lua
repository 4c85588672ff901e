#!lua flags=allow-oom
-- Prepares a partition for objects that arrive: adds to its catalog all keys of objects that any process has declared at
-- the origin of the move, so that deletions find those that their process does not declare (see
-- indexes/maintenance/declare.lua). If there are claims, which are made anew at the end, it notes the history that they
-- belong to.
--
-- KEYS   1  the catalog
--        2  the id of the history of claims (see lua/library/history.lua)
-- ARGV   1  the record that the catalog must have
--        2  '1' if there are claims
--        3  the prefix of all keys of the partition
--        4… for each partition of the origin the prefix of its keys, and the keys as its catalog has them; '' for none
-- Reply  1 if it is prepared; 0 if there is another record
-- @requires history_id

if redis.call('HGET', KEYS[1], ':partitions') ~= ARGV[1] then
  return 0
end
if ARGV[2] == '1' then
  redis.call('SET', KEYS[2], history_id())
end
local packed = redis.call('HGET', KEYS[1], ':keys')
local keys, known = packed and cmsgpack.unpack(packed) or {}, {}
for _, key in ipairs(keys) do
  known[key] = true
end

-- Returns a text with another prefix wherever it has the old one.
local function with_prefix(text, old)
  local parts, at = {}, 1
  while true do
    local first, last = string.find(text, old, at, true)
    parts[#parts + 1] = string.sub(text, at, (first or 0) - 1)
    if not first then
      return table.concat(parts, ARGV[3])
    end
    at = last + 1
  end
end

for at = 4, #ARGV, 2 do
  for _, key in ipairs(ARGV[at + 1] ~= '' and cmsgpack.unpack(ARGV[at + 1]) or {}) do
    local here = with_prefix(key, ARGV[at])
    if not known[here] then
      keys[#keys + 1], known[here] = here, true
    end
  end
end
redis.call('HSET', KEYS[1], ':keys', cmsgpack.pack(keys))
return 1
