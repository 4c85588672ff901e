-- Renames a key, with its expiry. RENAME is refused if the two names are in two slots of a cluster. Then the value is
-- copied, and the old key is added to `old_keys`, to be removed once nothing can be refused any more.
-- @requires call current_key undo_with unlink
-- @provides old_keys raise_other_counter rename_key unlink_old_keys

local old_keys, two_slots = {}, nil

-- Asked beforehand: some servers refuse a script for good once it named keys of two slots.
local function are_in_two_slots(from, to)
  if two_slots == nil then
    local one, other = redis.pcall('CLUSTER', 'KEYSLOT', from), redis.pcall('CLUSTER', 'KEYSLOT', to)
    local no_cluster = type(one) == 'table' and string.find(one.err, 'cluster support disabled', 1, true)
    two_slots = not no_cluster and (type(one) == 'table' or one ~= other)
  end
  return two_slots
end

-- Returns false if a key of the new name exists already.
local function rename_key(from, to)
  current_key = from
  if call('EXISTS', from) == 0 then
    return true
  elseif call('EXISTS', to) == 1 then
    return false
  elseif are_in_two_slots(from, to) then
    call('RESTORE', to, math.max(call('PEXPIRETIME', from), 0), call('DUMP', from), 'ABSTTL')
    undo_with('DEL', to)
    old_keys[#old_keys + 1] = from
  else
    call('RENAMENX', from, to)
    undo_with('RENAME', to, from)
  end
  return true
end

-- Makes the last automatic primary key the larger of both.
local function raise_other_counter(from, to)
  current_key = from
  local last, other = call('GET', from), call('GET', to)
  if last and (not other or #last > #other or #last == #other and last > other) then
    call('SET', to, last)
  end
end

local function unlink_old_keys()
  for at = 1, #old_keys do
    unlink(old_keys[at])
  end
end
