-- Check of a reference: the entry is the primary key of an object, which must be in the set that is the key. Nothing is
-- kept.
-- @requires call index_kinds refuse
-- @provides index_kinds.ref

function index_kinds.ref()
  local function has(key, entry)
    return call('SISMEMBER', key, entry) == 1
  end
  return {
    is_check = true,
    has = has,
    add = function(key, entry, _, number)
      if not has(key, entry) then
        refuse('absent', number, entry)
      end
    end,
    remove = function() end,
  }
end
