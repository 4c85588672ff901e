#!lua
-- Cleans up after all objects of a model have been moved, as many keys as one SCAN of the database finds: keys of its
-- indexes are removed, any other key is renamed.
--
-- KEYS   1  the set of primary keys
-- ARGV   1  the old prefix of the model's keys
--        2  the new prefix; '' if only keys of objects have a new name
--        3  the old key of the last automatic primary key
--        4  the new one
--        5  the old catalog
--        6  the new one
--        7  a cursor of SCAN
--        8  the pattern of the keys
--        9  about how many keys to look at
--        10… the prefixes of keys of indexes, or their templates (see lua/library/dynamic_parts.lua)
-- Reply  'ok', the next cursor, and the keys that could not be renamed, since a key of the new name exists; or
--        'objects' if the set of primary keys exists (again): nothing was changed; or 'error' (see
--        lua/library/journal.lua)
-- @requires atomically call copy_catalog current_key is_template old_keys part_in raise_other_counter rename_key
-- @requires unlink_old_keys

local prefix, other, seq, other_seq, meta = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local other_meta, cursor, pattern, at_most = unpack(ARGV, 6, 9)
local not_renamed = {}

local function is_of_index(key)
  for at = 10, #ARGV do
    local beginning = ARGV[at]
    if string.sub(key, 1, #beginning) == beginning or is_template(beginning) and part_in(beginning, key) then
      return true
    end
  end
  return false
end

local function sweep(key)
  current_key = key
  if key == meta and other ~= '' then
    copy_catalog(meta, prefix, other_meta, other)
  end
  if key == seq or key == meta or is_of_index(key) then
    old_keys[#old_keys + 1] = key
  elseif string.sub(key, 1, #prefix) == prefix and (other == '' or not rename_key(key, other .. string.sub(key, #prefix + 1))) then
    not_renamed[#not_renamed + 1] = key
  end
end

return atomically(function()
  current_key = KEYS[1]
  if call('EXISTS', KEYS[1]) == 1 then
    return { 'objects' }
  end
  raise_other_counter(seq, other_seq)
  local found = call('SCAN', cursor, 'MATCH', pattern, 'COUNT', at_most)
  for at = 1, #found[2] do
    sweep(found[2][at])
  end
  unlink_old_keys()
  return { 'ok', found[1], not_renamed }
end)
