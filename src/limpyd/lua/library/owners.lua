-- Owners of an entry of an index; see library/add_entry for the kinds. Of `num` the entry is a number.
-- @requires call
-- @provides count_owners owners_of some_owners_of

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

-- Returns the number of owners of an entry, or a few more.
local function count_owners(kind, key, entry)
  if kind == 'eq' then
    return call('SCARD', key .. entry)
  elseif kind == 'scored' then
    return call('ZCARD', key .. entry)
  elseif kind == 'uniq' then
    return call('HEXISTS', key, entry)
  elseif kind == 'num' then
    return call('ZCOUNT', key, entry, entry)
  end
  local separator = ':TEXT-RANGE-SEPARATOR'
  return call('ZLEXCOUNT', key, '[' .. entry .. separator .. ':', '(' .. entry .. separator .. ';')
end

-- At most so many of those who have an entry, any of them; of some kinds all.
local function some_owners_of(kind, key, entry, most)
  if kind == 'eq' then
    return call('SRANDMEMBER', key .. entry, most)
  elseif kind == 'scored' then
    return call('ZRANGE', key .. entry, 0, most - 1)
  elseif kind == 'num' then
    return call('ZRANGEBYSCORE', key, entry, entry, 'LIMIT', 0, most)
  end
  return owners_of(kind, key, entry)
end
