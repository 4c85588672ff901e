-- Reads the values of objects for a query.
-- @requires call key_from_template referred
-- @provides values_at values_in

-- Returns the values in a key, or under a sub-key there, as they are stored.
local function values_at(key, stored, sub)
  if stored == 'entry' or stored == 'hash' then
    return { call('HGET', key, sub) or nil }
  elseif stored == 'string' then
    return { call('GET', key) or nil }
  elseif stored == 'set' then
    return call('SMEMBERS', key)
  elseif stored == 'list' then
    return call('LRANGE', key, 0, -1)
  elseif stored == 'zset' then
    return call('ZRANGE', key, 0, -1)
  end
  return {}
end

-- Returns the values of an object's field.
local function values_in(place, pk)
  if place.stored == 'related' then
    place, pk = referred(place, pk)
    if not pk or place.stored == 'pk' then
      return { pk or nil }
    end
  end
  return values_at(key_from_template(place.prefix, pk), place.stored, place.sub)
end
