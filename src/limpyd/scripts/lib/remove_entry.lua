-- Removes an entry from an index; see lib/add_entry for the kinds.

local function remove_entry(kind, key, entry, pk)
  subject_key = key
  if kind == 'eq' then
    key = key .. entry
    subject_key = key
    if call('SREM', key, pk) == 1 then
      undo_with('SADD', key, pk)
    end
  elseif call('HGET', key, entry) == pk then
    call('HDEL', key, entry)
    undo_with('HSET', key, entry, pk)
  end
end
