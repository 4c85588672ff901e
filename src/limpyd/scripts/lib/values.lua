-- The value of a field: how it is read, and how what a command did to it is taken back.
-- A field is stored as a `string` of its own, or as one entry (`sub`) of a hash.

local function read_value(stored, key, sub)
  subject_key = key
  if stored == 'entry' then
    return call('HGET', key, sub)
  end
  return call('GET', key)
end

-- When the value of a field expires, in milliseconds since 1970; not positive if it does not.
local function expiry_of(stored, key, sub)
  if stored == 'entry' then
    local times = if_known('HPEXPIRETIME', key, 'FIELDS', 1, sub)
    return times and times[1] or 0
  end
  return call('PEXPIRETIME', key)
end

local function undo_write(stored, key, sub, before, expires)
  if before and expires > 0 then
    if stored == 'entry' then
      undo_with(function()
        call('HPEXPIREAT', key, expires, 'FIELDS', 1, sub)
      end, key)
    else
      undo_with('PEXPIREAT', key, expires)
    end
  end
  if stored == 'entry' then
    if before then
      undo_with('HSET', key, sub, before)
    else
      undo_with('HDEL', key, sub)
    end
  elseif before then
    undo_with('SET', key, before, 'KEEPTTL')
  else
    undo_with('DEL', key)
  end
end
