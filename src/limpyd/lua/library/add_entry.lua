-- Adds an entry to an index. If it is refused, `number` says which value of the write it is, and `sub` its sub-key.
-- @requires index_kind subject_key
-- @provides add_entry

local function add_entry(kind, key, entry, pk, number, value, sub)
  subject_key = key
  index_kind(kind).add(key, entry, pk, number, value, sub)
end
