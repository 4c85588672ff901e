-- How a key is put back as it was, with all that the server knows of it: its value, its expiry, the groups of a stream.

local dumps = {} -- by key: where in the journal the function stands that puts it back, and that function

-- Whether a note of this step puts a key back already, so that nothing more needs to be noted of it.
local function is_dumped(key)
  local known = dumps[key]
  return known and known.at < noted and journal[known.at + 1] == known.put_back
end

-- Keeps the whole of a key; gives the function that puts it back. It costs as much as the value is large.
local function dump(key)
  subject_key = key
  local held = call('DUMP', key)
  if not held then
    return function()
      call('DEL', key)
    end
  end
  local expires = expiry_of_key(key)
  -- Whether the account may RESTORE has to be known beforehand: of a key that is there, a server says that it is.
  local refused = redis.pcall('RESTORE', key, 0, '')
  if not string.find(refused.err, 'BUSYKEY', 1, true) then
    error(refused)
  end
  return function()
    call('RESTORE', key, math.max(expires, 0), held, 'REPLACE', 'ABSTTL')
  end
end

-- Notes the function that puts a key back.
local function undo_by_dump(key, put_back)
  dumps[key] = { at = noted, put_back = put_back }
  undo_with(put_back, key)
end
