-- Who has an entry of an index that limpyd 2 keeps as it keeps all; see lib/add_entry for the kinds.

local function owners_of(kind, key, entry)
  if kind == 'eq' then
    return call('SMEMBERS', key .. entry)
  elseif kind == 'num' then
    return call('ZRANGEBYSCORE', key, entry, entry)
  end
  local beginning, owners = entry .. ':TEXT-RANGE-SEPARATOR:', {}
  for _, member in ipairs(call('ZRANGEBYLEX', key, '[' .. beginning, '(' .. entry .. ':TEXT-RANGE-SEPARATOR;')) do
    local pk = string.sub(member, #beginning + 1)
    -- Otherwise it is a longer value, which holds the separator itself.
    if not string.find(pk, ':TEXT-RANGE-SEPARATOR:', 1, true) then
      owners[#owners + 1] = pk
    end
  end
  return owners
end

-- Removes the entry of an owner that does not exist.
local function remove_owner(kind, key, entry, owner)
  if kind == 'eq' then
    call('SREM', key .. entry, owner)
    undo_with('SADD', key .. entry, owner)
  else
    sorted_entries = sorted_entries or make_sorted_entries()
    sorted_entries.remove(kind, key, entry, owner)
  end
end
