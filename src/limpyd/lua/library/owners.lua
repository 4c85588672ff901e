-- Who has an entry of an index; see library/add_entry for the kinds. Of `num` the entry is a number.
-- @requires call
-- @provides owners_of

local function owners_of(kind, key, entry)
  if kind == 'eq' then
    return call('SMEMBERS', key .. entry)
  elseif kind == 'scored' then
    return call('ZRANGE', key .. entry, 0, -1)
  elseif kind == 'uniq' then
    local owner = call('HGET', key, entry)
    return owner and { owner } or {}
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
