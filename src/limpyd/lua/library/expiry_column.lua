-- Reads when values expire, in milliseconds since 1970.
-- @requires call call_if_supported each_version expiries_of key_from_template
-- @provides expiry_of_column

-- The moment that a key expires; false if it does not, or only because its object does (see lua/freed_values.lua).
local function own_expiry(key, pk)
  local moment = call('PEXPIRETIME', key)
  local prefix = moment > 0 and string.match(key, '^({[^}]*}[^:]*:)field:')
  local deadline = prefix and call('ZSCORE', prefix .. 'deadline:object', pk)
  return moment > 0 and moment ~= (deadline and deadline + 1000) and moment
end

-- The moment that a value expires, or false. Of a hash it is a list: that moment of the whole hash, or false, then
-- its keys that expire and their moments in turn; false if nothing expires.
local function expiry_at(stored, key, sub, pk)
  if stored == 'entry' then
    return expiries_of(key, { sub })[sub] or false
  end
  local moment = own_expiry(key, pk)
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

local entries_expire = true -- as far as is known of the server

-- The moments that some entries of a hash expire, whose sub-keys have a NUL between them; false if none does.
local function expiries_of_entries(column, key)
  local subs = column.subs
  if not subs then
    subs = {}
    for sub in string.gmatch(column.sub, '[^%z]+') do
      subs[#subs + 1] = sub
    end
    column.subs = subs
  end
  local moments = entries_expire and call_if_supported('HPEXPIRETIME', key, 'FIELDS', #subs, unpack(subs))
  entries_expire = moments and true
  for at = 1, moments and #moments or 0 do
    if moments[at] > 0 then
      return moments
    end
  end
  return false
end

-- The same for a column, whose way to be stored is after `expiry:`. Of a dynamic field it is a list of the parts of
-- the versions that expire, and when, in turn; of `entries` a list of the moments of all, not positive for those that do
-- not expire.
local function expiry_of_column(column, pk)
  local stored = string.sub(column.stored, 8)
  if stored == 'entries' then
    return expiries_of_entries(column, key_from_template(column.prefix, pk))
  elseif stored ~= 'versions' then
    return expiry_at(stored, key_from_template(column.prefix, pk), column.sub, pk)
  end
  local found = {}
  each_version(column.prefix, pk, function(key, sub, part)
    local moment = expiry_at(column.sub, key, sub, pk)
    if moment then
      found[#found + 1] = part
      found[#found + 1] = moment
    end
  end)
  return found
end
