-- Checks the number of members of a value: of a field that is required, or has the constraint `max_members`.
-- @requires call current_key refuse
-- @provides check_size size_of

local COUNTS = { set = 'SCARD', zset = 'ZCARD', hash = 'HLEN', list = 'LLEN' }

local function size_of(stored, key)
  current_key = key
  return call(COUNTS[stored] or 'EXISTS', key)
end

-- Refuses a place (see lua/library/change_detection.lua) that has lost its last member, or has got more than it may have; `place.size` is its size before.
local function check_size(kind, key, place)
  local size = size_of(place.stored, place.key)
  if kind == '?required' and size == 0 and place.size > 0 then
    refuse('constraint', place.number, key, 'required', false, false)
  elseif kind == '?max_members' and size > place.size and size > tonumber(string.match(key, '%d+$')) then
    refuse('constraint', place.number, key, 'max_members', string.format('%.0f', size), false)
  end
end
