-- Checks the constraints `required` and `max_members`, by the number of members of a value after a command.
-- @requires call current_key refuse
-- @provides check_size size_of

local COUNTS = { set = 'SCARD', zset = 'ZCARD', hash = 'HLEN', list = 'LLEN' }

local function size_of(stored, key)
  current_key = key
  return call(COUNTS[stored] or 'EXISTS', key)
end

-- Refuses a value that has lost its last member although it is required, or that has grown beyond `max_members`.
-- `place` is that of lua/library/change_detection.lua, with the number of members before the command as `place.size`.
local function check_size(kind, key, place)
  local size = size_of(place.stored, place.key)
  if kind == '?required' and size == 0 and place.size > 0 then
    refuse('constraint', place.number, key, 'required', false, false)
  elseif kind == '?max_members' and size > place.size and size > tonumber(string.match(key, '%d+$')) then
    refuse('constraint', place.number, key, 'max_members', string.format('%.0f', size), false)
  end
end
