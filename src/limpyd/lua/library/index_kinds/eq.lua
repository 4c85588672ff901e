-- Equality index: sets of primary keys. Their names are the key, then the entry.
-- @requires call current_key index_kinds undo_with
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
      current_key = key .. entry
      if call('SADD', current_key, pk) == 1 then
        undo_with('SREM', current_key, pk)
      end
    end,
    remove = function(key, entry, pk)
      current_key = key .. entry
      if call('SREM', current_key, pk) == 1 then
        undo_with('SADD', current_key, pk)
      end
    end,
  }
end
