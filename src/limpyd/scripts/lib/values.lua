-- The value of a field: how it is read, and how what a command did to it is taken back.
-- A field is stored as a `string` of its own, or as one entry (`sub`) of a `hash`.

local function read_value(stored, key, sub)
  subject_key = key
  if stored == 'hash' then
    return call('HGET', key, sub)
  end
  return call('GET', key)
end

local function undo_write(stored, key, sub, before)
  if stored == 'hash' then
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
