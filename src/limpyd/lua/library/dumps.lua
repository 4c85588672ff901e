-- Restores a key as it was, with all that the server knows of it: its value, its expiry, the groups of a stream.
-- @requires call expiry_of_key is_journaled journal_length subject_key undo_with
-- @provides dump make_dump

-- Made when it is first needed (see lua/library/index_updates.lua).
local function make_dump()
  local dumps = {} -- by key: where in the journal the function stands that puts it back, and that function

  -- Keeps the whole of a key, which costs as much as the value is large; gives the function that notes how to put it
  -- back.
  return function(key)
    local known = dumps[key]
    if known and is_journaled(known.at, known.put_back) then
      return function() end -- it is noted already
    end
    subject_key = key
    local serialized, put_back = call('DUMP', key), nil
    if serialized then
      local expires = expiry_of_key(key)
      -- Whether the account may RESTORE has to be known beforehand: of a key that is there, a server says that it is.
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
