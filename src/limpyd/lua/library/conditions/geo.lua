-- Condition: a place within an area, which GEOSEARCH finds.
-- @requires as_set call conditions distinct keep_in key_from_template pk_of_number
-- @provides conditions.geo conditions.geos

local FEW = 1000 -- up to this many are found to count them
local SAMPLE = 100 -- the number of places to sample

-- The distances of GEOSEARCH, in metres, on a sphere (haversine; geohash_helper.c of Redis).
local RADIUS, DEGREE = 6372797.560856, math.pi / 180

local function distance_in_latitude(north, other_north)
  return RADIUS * math.abs(other_north * DEGREE - north * DEGREE)
end

local function distance(east, north, other_east, other_north)
  local v = math.sin((other_east * DEGREE - east * DEGREE) / 2)
  if v == 0 then
    return distance_in_latitude(north, other_north)
  end
  local u = math.sin((other_north * DEGREE - north * DEGREE) / 2)
  local a = u * u + math.cos(north * DEGREE) * math.cos(other_north * DEGREE) * v * v
  return 2 * RADIUS * math.asin(math.sqrt(a))
end

-- Returns the function that tests if a place is in an area, from arguments of GEOSEARCH: FROMLONLAT, and BYRADIUS or
-- BYBOX in metres.
local function area_test(search)
  local east, north = tonumber(search[2]), tonumber(search[3])
  local extent, height = tonumber(search[5]), tonumber(search[6])
  if search[4] == 'BYRADIUS' then
    return function(other_east, other_north)
      return distance(east, north, other_east, other_north) <= extent
    end
  end
  return function(other_east, other_north)
    return distance_in_latitude(other_north, north) <= height / 2
      and distance(other_east, other_north, east, other_north) <= extent / 2
  end
end

local function near(at, pk_of)
  local key, prefix, count = ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2])
  local search = { unpack(ARGV, at + 3, at + 2 + count) }
  local few = { unpack(search) }
  few[count + 1], few[count + 2], few[count + 3] = 'COUNT', FEW, 'ANY'
  local is_within = area_test(search)

  -- Keeps those of some members of the index whose place is in the area.
  local function members_within(members)
    local places, found = #members > 0 and call('GEOPOS', key, unpack(members)) or {}, {}
    for number = 1, #members do
      local place = places[number]
      if place and is_within(tonumber(place[1]), tonumber(place[2])) then
        found[#found + 1] = members[number]
      end
    end
    return found
  end

  local pks, set, size
  local function pks_of(members)
    if not pk_of then
      return members
    end
    for number = 1, #members do
      members[number] = pk_of(members[number])
    end
    return distinct(members)
  end
  local function list()
    pks = pks or pks_of(call('GEOSEARCH', key, unpack(search)))
    return pks
  end
  local function size_of()
    if not pks and not size then
      local first = call('GEOSEARCH', key, unpack(few))
      if #first < FEW then
        pks = pks_of(first)
      else
        local sample = call('ZRANDMEMBER', key, SAMPLE)
        size = math.max(FEW, math.floor(call('ZCARD', key) * #members_within(sample) / #sample))
      end
    end
    return pks and #pks or size
  end

  local node = { list = list }
  setmetatable(node, {
    __index = function(_, name)
      if name == 'size' or name == 'cost' then
        return size_of()
      end
    end,
  })
  function node.keep(some)
    if pks or size_of() <= #some then
      set = set or as_set(list())
      return keep_in(set, some)
    elseif not pk_of then
      return members_within(some)
    end
    local kept = {}
    few[count + 2] = 1
    for number = 1, #some do
      if #call('GEOSEARCH', key_from_template(prefix, some[number]), unpack(few)) > 0 then
        kept[#kept + 1] = some[number]
      end
    end
    return kept
  end
  return node, at + 3 + count
end

function conditions.geo(at)
  return near(at)
end

function conditions.geos(at)
  return near(at, pk_of_number)
end
