-- Check of a reference to an object of the same slot that a deletion of several steps may have closed (see
-- limpyd.deletions): the entry is its primary key, which must be in the set that is the key. If it is closed, the write
-- waits, since it is not known yet whether the object stays. Nothing is kept.
-- @optional promises
-- @requires ask_for_promise call current_key index_kinds refuse
-- @provides index_kinds.beside

function index_kinds.beside()
  local function is_there(key, entry)
    return call('SISMEMBER', key, entry) == 1
  end

  local function is_closed(key, entry)
    current_key = string.match(key, '^{[^}]*}[^:]*:') .. 'closing'
    return call('HEXISTS', current_key, entry) == 1
  end

  return {
    is_check = true,
    exists = function(key, entry)
      return is_there(key, entry) and not is_closed(key, entry)
    end,
    has = is_there,
    add = function(key, entry, pk, number)
      if not is_there(key, entry) then
        refuse('absent', number, entry)
      elseif is_closed(key, entry) then
        ask_for_promise(key, entry, pk)
      end
    end,
    remove = function() end,
  }
end
