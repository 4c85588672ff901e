#!lua flags=allow-oom
-- Removes keys of indexes, as many as one SCAN of the database finds. Each time it first marks the indexes as not
-- built, so that no index counts as built while keys of it are still to be removed.
--
-- KEYS   1  the catalog of the model (see indexes/maintenance/declare.lua)
-- ARGV   1  a new random epoch
--        2  a count of indexes, and their names; or `*` for all in the catalog
--        …  a count of keys to remove, and those
--        if there may be more keys:
--        …  a cursor of SCAN
--        …  their pattern
--        …  about how many keys to look at
--        …  a count of templates (see lua/library/template_match.lua) of keys to keep, and those
--        …  the templates of keys to remove
-- Reply  the next cursor
-- @requires matches_template

local names, at, changed = {}, 3, 0
if ARGV[2] == '*' then
  names = redis.call('HKEYS', KEYS[1])
else
  at = 3 + ARGV[2]
  names = { unpack(ARGV, 3, at - 1) }
end
for _, name in ipairs(names) do
  changed = changed + redis.call('HDEL', KEYS[1], 'rebuilding:' .. name)
  local of_an_index = string.sub(name, 1, 11) ~= 'rebuilding:' and string.sub(name, 1, 1) ~= ':'
  if of_an_index and redis.call('HGET', KEYS[1], name) ~= '-' then
    changed = changed + 1
    redis.call('HSET', KEYS[1], name, '-')
  end
end
if changed > 0 then
  redis.call('HSET', KEYS[1], ':epoch', ARGV[1])
end

local keys_end = at + ARGV[at]
for key_at = at + 1, keys_end do
  redis.call('UNLINK', ARGV[key_at])
end

local cursor, pattern, at_most = ARGV[keys_end + 1], ARGV[keys_end + 2], ARGV[keys_end + 3]
if not cursor then
  return '0'
end
local last_kept = keys_end + 4 + ARGV[keys_end + 4]

local function made_of_any(key, first, last)
  for template_at = first, last do
    if matches_template(ARGV[template_at], key) then
      return true
    end
  end
  return false
end

local found = redis.call('SCAN', cursor, 'MATCH', pattern, 'COUNT', at_most)
for _, key in ipairs(found[2]) do
  if made_of_any(key, last_kept + 1, #ARGV) and not made_of_any(key, keys_end + 5, last_kept) then
    redis.call('UNLINK', key)
  end
end
return found[1]
