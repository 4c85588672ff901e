-- Removes an entry from an index; see library/add_entry for the kinds.
-- @requires call key_from_template make_sorted_entries sorted_entries subject_key undo_with
-- @provides remove_entry

local function remove_entry(kind, key, entry, pk)
  subject_key = key
  if kind == 'eq' then
    key = key .. entry
    subject_key = key
    if call('SREM', key, pk) == 1 then
      undo_with('SADD', key, pk)
    end
  elseif kind == 'inv' then
    key = key_from_template(key, pk)
    subject_key = key
    if call('SREM', key, entry) == 1 then
      undo_with('SADD', key, entry)
    end
  elseif kind == 'ref' then
    return
  elseif string.byte(kind) == 33 then
    remove_entry(string.sub(kind, 2), key, entry, pk)
  elseif kind ~= 'uniq' then
    sorted_entries = sorted_entries or make_sorted_entries()
    sorted_entries.remove(kind, key, entry, pk)
  elseif call('HGET', key, entry) == pk then
    call('HDEL', key, entry)
    undo_with('HSET', key, entry, pk)
  end
end
