-- Reads the value of a field of one value, and takes back changes to it. Such a field is stored as a `string` with a
-- key of its own, or as an `entry` of a hash, under a sub-key (`sub`).
-- @requires call call_if_supported current_key is_rounded undo_with
-- @provides expiry_of expiry_of_key read_value undo_expiry undo_write

local function read_value(stored, key, sub)
  current_key = key
  if stored == 'entry' then
    return call('HGET', key, sub)
  end
  return call('GET', key)
end

-- Returns the expiry of a key, in milliseconds since 1970; not positive if it has none.
local function expiry_of_key(key)
  local expires = call('PEXPIRETIME', key)
  if is_rounded(expires) then
    error({ err = 'ERR it expires after the year 287396, which could not be put back; let it expire earlier, or never' })
  end
  return expires
end

-- Notes the expiry of a key.
local function undo_expiry(key, expires)
  undo_with(function()
    local now = call('PEXPIRETIME', key)
    if expires > 0 and now ~= expires then
      call('PEXPIREAT', key, expires)
    elseif expires <= 0 and now > 0 then
      call('PERSIST', key)
    end
  end, key)
end

-- Returns the expiry of a field's value.
local function expiry_of(stored, key, sub)
  if stored == 'entry' then
    local times = call_if_supported('HPEXPIRETIME', key, 'FIELDS', 1, sub)
    return times and times[1] or 0
  end
  return expiry_of_key(key)
end

-- Notes how to put a value back, and its expiry; if that is not known (`expires` is false), the expiry is left as it
-- is.
local function undo_write(stored, key, sub, before, expires)
  if before and expires and expires > 0 then
    if stored == 'entry' then
      undo_with(function()
        call('HPEXPIREAT', key, expires, 'FIELDS', 1, sub)
      end, key)
    else
      undo_expiry(key, expires)
    end
  end
  if stored == 'entry' then
    if before then
      undo_with('HSET', key, sub, before)
    else
      undo_with('HDEL', key, sub)
    end
  elseif before then
    undo_with('SET', key, before, not expires and 'KEEPTTL')
  else
    undo_with('DEL', key)
  end
end
