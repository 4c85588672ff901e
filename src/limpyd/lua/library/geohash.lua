-- The score that GEOADD gives to a place (`<longitude>,<latitude>`): 26 bits of the longitude and of the latitude, in
-- turn; nothing if the text is no place.
-- @provides geohash
local function geohash(place)
  local FARTHEST_EAST, FARTHEST_NORTH = 180, 85.05112878
  local longitude, latitude = string.match(place, '^([^,]+),([^,]+)$')
  longitude, latitude = tonumber(longitude), tonumber(latitude)
  if not longitude or not latitude or math.abs(longitude) > FARTHEST_EAST or math.abs(latitude) > FARTHEST_NORTH then
    return nil
  end
  local east = math.floor((longitude + FARTHEST_EAST) / (2 * FARTHEST_EAST) * 2 ^ 26)
  local north = math.floor((latitude + FARTHEST_NORTH) / (2 * FARTHEST_NORTH) * 2 ^ 26)
  local score, bit = 0, 1
  while east > 0 or north > 0 do
    score = score + north % 2 * bit + east % 2 * 2 * bit
    east, north, bit = math.floor(east / 2), math.floor(north / 2), bit * 4
  end
  return score
end
