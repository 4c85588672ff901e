-- Adds an entry to an index.
--
-- ARGV has of an index the name of its kind (see lua/library/index_kinds.lua), a form (see lua/library/forms.lua) and a
-- key. `number` says which value it is, and `sub` under which sub-key, in case it is refused.
-- @requires index_kind subject_key
-- @provides add_entry

local function add_entry(kind, key, entry, pk, number, value, sub)
  subject_key = key
  index_kind(kind).add(key, entry, pk, number, value, sub)
end
