-- Restores an object that has travelled from another partition or server (see lua/library/object_contents.lua).
-- @requires call current_key refuse undo_with
-- @provides restore_object

-- Adds an object to the set of primary keys, and restores its keys, which begin with a prefix; returns false if it is
-- there already.
local function restore_object(set, prefix, pk, contents)
  current_key = set
  if call('SADD', set, pk) == 0 then
    return false
  end
  undo_with('SREM', set, pk)
  local items = cmsgpack.unpack(contents)
  for at = 1, #items, 3 do
    current_key = prefix .. items[at]
    if call('EXISTS', current_key) == 1 then
      refuse('both', current_key)
    end
    call('RESTORE', current_key, items[at + 1], items[at + 2], 'ABSTTL')
    undo_with('DEL', current_key)
  end
  return true
end
