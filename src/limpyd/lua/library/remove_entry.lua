-- Removes an entry from an index, if it is there.
-- @requires current_key index_kind
-- @provides remove_entry

local function remove_entry(kind, key, entry, pk)
  current_key = key
  index_kind(kind).remove(key, entry, pk)
end
