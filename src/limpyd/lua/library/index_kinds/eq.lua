-- Equality index: sets of primary keys. Their names are the key, then the entry.
-- @requires call index_kinds subject_key undo_with
-- @provides index_kinds.eq

function index_kinds.eq()
  return {
    type = 'set',
    by_value = true,
    sub_key_in_entry = true,
    key_of = function(key, entry)
      return key .. entry
    end,
    add = function(key, entry, pk)
      subject_key = key .. entry
      if call('SADD', subject_key, pk) == 1 then
        undo_with('SREM', subject_key, pk)
      end
    end,
    remove = function(key, entry, pk)
      subject_key = key .. entry
      if call('SREM', subject_key, pk) == 1 then
        undo_with('SADD', subject_key, pk)
      end
    end,
  }
end
