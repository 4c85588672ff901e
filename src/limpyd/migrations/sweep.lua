#!lua
-- Does away with what is left of a model whose objects have all been moved, as much as one look at the keys of the
-- database finds: what its indexes hold is removed, any other key gets the name that it has in the other model.
--
-- KEYS   the set of primary keys
-- ARGV   what the keys of the model begin with, and those of the other, or '' if none but those of objects have a name
--        there; the last automatic primary key here and there;
--        the catalog here and there; a cursor, a pattern of the keys, about how many to look at; and to the end what
--        the keys of indexes begin with, or a template of it (see lua/library/dynamic_parts.lua)
-- Reply  'ok', the next cursor, and the keys that cannot have their other name, since there is such a key; or 'objects'
--        if there are objects (again): nothing was changed; or 'error' (see lua/library/journal.lua)
-- @requires atomically call carry_on copied copy_catalog is_template part_in rename_key subject_key unlink_copied

local prefix, other, seq, other_seq, meta = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local other_meta, cursor, pattern, at_most = unpack(ARGV, 6, 9)
local in_the_way = {}

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
  subject_key = key
  if key == meta and other ~= '' then
    copy_catalog(meta, prefix, other_meta, other)
  end
  if key == seq or key == meta or is_of_index(key) then
    copied[#copied + 1] = key
  elseif string.sub(key, 1, #prefix) == prefix and (other == '' or not rename_key(key, other .. string.sub(key, #prefix + 1))) then
    in_the_way[#in_the_way + 1] = key
  end
end

return atomically(function()
  subject_key = KEYS[1]
  if call('EXISTS', KEYS[1]) == 1 then
    return { 'objects' }
  end
  carry_on(seq, other_seq)
  local found = call('SCAN', cursor, 'MATCH', pattern, 'COUNT', at_most)
  for at = 1, #found[2] do
    sweep(found[2][at])
  end
  unlink_copied()
  return { 'ok', found[1], in_the_way }
end)
