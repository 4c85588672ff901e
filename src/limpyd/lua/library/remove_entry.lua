-- Removes an entry from an index, if it is there.
-- @requires index_kind subject_key
-- @provides remove_entry

local function remove_entry(kind, key, entry, pk)
  subject_key = key
  index_kind(kind).remove(key, entry, pk)
end
