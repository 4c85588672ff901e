-- Adds an entry to an index. If it is refused, `number` says which value of the write it is, and `sub` its sub-key.
-- @requires current_key index_kind
-- @provides add_entry

local function add_entry(kind, key, entry, pk, number, value, sub)
  current_key = key
  index_kind(kind).add(key, entry, pk, number, value, sub)
end
