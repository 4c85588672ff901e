-- Returns whether an index has an entry of an object (see lua/library/index_kinds.lua). A wrong score does not matter.
-- @requires call entry_kind key_of
-- @provides has_entry

local function has_entry(key, entry, pk)
  if entry_kind.has then
    return entry_kind.has(key, entry, pk)
  elseif entry_kind.type == 'hash' then
    return call('HGET', key, entry) == pk
  elseif entry_kind.type == 'set' then
    return call('SISMEMBER', key_of(key, entry), pk) == 1
  end
  return call('ZSCORE', key_of(key, entry), entry_kind.member_of and entry_kind.member_of(entry, pk) or pk) and true
end
