-- Reads when values expire, in milliseconds since 1970.
-- @requires call each_version expiries_of key_from_template
-- @provides expiry_of_column

-- The moment that a value expires, or false. Of a hash it is a list: that moment of the whole hash, or false, then
-- its keys that expire and their moments in turn; false if nothing expires.
local function expiry_at(stored, key, sub)
  if stored == 'entry' then
    return expiries_of(key, { sub })[sub] or false
  end
  local moment = call('PEXPIRETIME', key)
  moment = moment > 0 and moment
  if stored ~= 'hash' then
    return moment
  end
  local found = { moment }
  for name, when in pairs(expiries_of(key, call('HKEYS', key))) do
    found[#found + 1] = name
    found[#found + 1] = when
  end
  return (moment or #found > 1) and found
end

-- The same for a column, whose way to be stored is after `expiry:`. Of a dynamic field it is a list of the parts of
-- the versions that expire, and when, in turn.
local function expiry_of_column(column, pk)
  local stored = string.sub(column.stored, 8)
  if stored ~= 'versions' then
    return expiry_at(stored, key_from_template(column.prefix, pk), column.sub)
  end
  local found = {}
  each_version(column.prefix, pk, function(key, sub, part)
    local moment = expiry_at(column.sub, key, sub)
    if moment then
      found[#found + 1] = part
      found[#found + 1] = moment
    end
  end)
  return found
end
