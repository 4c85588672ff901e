-- Index of unique values: a hash from values to primary keys. If the owner of a value does not exist, because something
-- other than limpyd left the entry, the entry is replaced.
--
-- Statements have this kind in statements/lua/entries/uniq.lua.
-- @requires call index_kinds pk_set refuse undo_with
-- @provides index_kinds.uniq

function index_kinds.uniq()
  return {
    type = 'hash',
    one_owner = true,
    sub_key_in_entry = true,
    batch = { 'HSET', 'HDEL', 1 },
    add = function(key, entry, pk, number, value, sub)
      if call('HSETNX', key, entry, pk) == 1 then
        undo_with('HDEL', key, entry)
        return
      end
      local owner = call('HGET', key, entry)
      if owner ~= pk and call('SISMEMBER', pk_set, owner) == 1 then
        refuse('unique', number, value, owner, sub)
      elseif owner ~= pk then
        call('HSET', key, entry, pk)
        undo_with('HSET', key, entry, owner)
      end
    end,
    remove = function(key, entry, pk)
      if call('HGET', key, entry) == pk then
        call('HDEL', key, entry)
        undo_with('HSET', key, entry, pk)
      end
    end,
    split = function(entry, owner)
      return entry, owner
    end,
  }
end
