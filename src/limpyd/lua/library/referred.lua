-- Follows references to the object that has a value.
--
-- A place whose `stored` is `related` is a reference. After it, ARGV has the place of the value in the object that it
-- refers to: prefix, stored and sub.
-- @requires call key_from_template
-- @provides read_path referred

-- Reads the places after a reference, and returns the position after them.
local function read_path(place, at)
  while place.stored == 'related' do
    place.of_other = { prefix = ARGV[at], stored = ARGV[at + 1], sub = ARGV[at + 2] }
    place, at = place.of_other, at + 3
  end
  return at
end

-- Returns the place of a value, and the primary key of the object that has it; false if a reference is missing.
local function referred(place, pk)
  while pk and place.stored == 'related' do
    local key = key_from_template(place.prefix, pk)
    if place.sub == '' then
      pk = call('GET', key)
    else
      pk = call('HGET', key, place.sub)
    end
    place = place.of_other
  end
  return place, pk
end
