-- Goes through a set in parts (see `scan` in lua/library/conditions.lua).
-- @requires call distinct
-- @provides positions_of scan_set

-- Returns some members of a set. While it grows or shrinks, a member may come twice.
local function scan_set(key, cursor, count)
  local reply = call('SSCAN', key, cursor == '' and '0' or cursor, 'COUNT', count)
  return distinct(reply[2]), reply[1] == '0' and '' or reply[1], #reply[2]
end

-- Returns the number of values that are done, and the position in the next one.
local function positions_of(cursor)
  local done, inner = string.match(cursor, '^v(%d+);(.*)$')
  return tonumber(done) or 0, inner or ''
end
