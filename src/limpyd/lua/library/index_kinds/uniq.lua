-- Index of unique values: a hash from entry to owner. An entry of an object that does not exist, which something other than
-- limpyd left, is replaced.
-- @requires call index_kinds owners_set refuse undo_with
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
      if owner ~= pk and call('SISMEMBER', owners_set, owner) == 1 then
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
