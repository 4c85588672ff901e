-- Takes back changes to a key by DUMP and RESTORE: its value, its expiry, and the groups of a stream.
-- @requires call current_key expiry_of_key is_journaled journal_length undo_with
-- @provides dump make_dump

-- Made on first use (see lua/library/index_updates.lua).
local function make_dump()
  local dumps = {} -- by key: the position in the journal of the function that restores it, and that function

  -- Dumps a key, at a cost in proportion to its value; returns the function that notes how to restore it.
  return function(key)
    local known = dumps[key]
    if known and is_journaled(known.at, known.put_back) then
      return function() end -- noted already
    end
    current_key = key
    local serialized, put_back = call('DUMP', key), nil
    if serialized then
      local expires = expiry_of_key(key)
      -- The account must be allowed to RESTORE, which has to be known now. If it is, the server says that the key is
      -- busy.
      local refused = redis.pcall('RESTORE', key, 0, '')
      if not string.find(refused.err, 'BUSYKEY', 1, true) then
        error(refused)
      end
      put_back = function()
        call('RESTORE', key, math.max(expires, 0), serialized, 'REPLACE', 'ABSTTL')
      end
    else
      put_back = function()
        call('DEL', key)
      end
    end
    return function()
      dumps[key] = { at = journal_length, put_back = put_back }
      undo_with(put_back, key)
    end
  end
end

local dump = false
