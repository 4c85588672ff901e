-- Returns whether an index has an entry of an object (see library/add_entry for the kinds); if a score is wrong, it does.
-- @requires call entry_kind key_of make_sorted_entries sorted_entries
-- @provides has_entry

local function has_entry(key, entry, pk)
  if entry_kind == 'ref' then
    return call('SISMEMBER', key, entry) == 1
  elseif entry_kind == 'uniq' then
    return call('HGET', key, entry) == pk
  elseif entry_kind == 'eq' then
    return call('SISMEMBER', key_of(key, entry), pk) == 1
  elseif entry_kind == 'num' or entry_kind == 'geo' or entry_kind == 'scored' then
    return call('ZSCORE', key_of(key, entry), pk) and true
  end
  sorted_entries = sorted_entries or make_sorted_entries()
  return call('ZSCORE', key, (sorted_entries.member_of(entry_kind, entry, pk))) and true
end
