-- Check of a reference to an object that may be in another partition, whose existence was checked before (see
-- limpyd.targets). The entry is its primary key; the key is the prefix of the partition, `refers:` and the tag of its
-- model. Nothing is kept.
-- @optional promises
-- @requires ask_for_promise call index_kinds refuse
-- @provides index_kinds.away

function index_kinds.away()
  -- Returns whether the object is one of this partition, and nobody is about to delete it: then no check is needed.
  local function is_here(key, entry)
    local prefix, tag, model = string.match(key, '^({([^}]*)}[^:]*:)refers:(.*)$')
    local is_own = tag == model or string.sub(tag, 1, #model + 1) == model .. ':' and string.find(tag, '^[%d.]+$', #model + 2)
    return is_own and call('SISMEMBER', prefix .. 'pks', entry) == 1 and call('HEXISTS', prefix .. 'closing', entry) == 0
  end

  -- Returns true if the object exists, false if it does not, nothing if it has to be checked first.
  local function exists(key, entry)
    local checked = ARGV.promises[key .. '\0' .. entry]
    if checked or is_here(key, entry) then
      return true
    end
    return checked
  end

  return {
    is_check = true,
    exists = exists,
    has = function(key, entry, pk)
      local found = exists(key, entry)
      if found == nil then
        ask_for_promise(key, entry, pk)
      end
      return found ~= false
    end,
    add = function(key, entry, pk, number)
      local found = exists(key, entry)
      if found == nil then
        ask_for_promise(key, entry, pk)
      elseif not found then
        refuse('absent', number, entry)
      end
    end,
    remove = function() end,
  }
end
