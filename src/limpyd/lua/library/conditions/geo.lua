-- Who is where GEOSEARCH finds it.
-- @requires as_set call conditions distinct keep_in pk_of_number
-- @provides conditions.geo conditions.geos

local function near(at, pk_of)
  local key, count = ARGV[at], tonumber(ARGV[at + 1])
  local pks = call('GEOSEARCH', key, unpack(ARGV, at + 2, at + 1 + count))
  if pk_of then
    for number = 1, #pks do
      pks[number] = pk_of(pks[number])
    end
    pks = distinct(pks)
  end
  local set
  return {
    size = #pks,
    cost = #pks,
    list = function()
      return pks
    end,
    keep = function(some)
      set = set or as_set(pks)
      return keep_in(set, some)
    end,
  },
    at + 2 + count
end

function conditions.geo(at)
  return near(at)
end

function conditions.geos(at)
  return near(at, pk_of_number)
end
