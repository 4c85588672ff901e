-- Entries that only one object may have, of indexes that limpyd 2 keeps as it keeps all; see library/add_entry for the kinds.
-- @requires call make_sorted_entries sorted_entries undo_with
-- @provides remove_owner

-- Removes the entry of an owner that does not exist.
local function remove_owner(kind, key, entry, owner)
  if kind == 'eq' then
    call('SREM', key .. entry, owner)
    undo_with('SADD', key .. entry, owner)
  else
    sorted_entries = sorted_entries or make_sorted_entries()
    sorted_entries.remove(kind, key, entry, owner)
  end
end
