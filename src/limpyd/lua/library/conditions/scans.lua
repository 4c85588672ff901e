-- Parts of what stands in one key, for conditions that are gone through (see lua/library/conditions.lua).
-- @requires call distinct
-- @provides positions_of scan_set

-- Some members of a set. While it grows or shrinks, one may come twice.
local function scan_set(key, where, count)
  local reply = call('SSCAN', key, where == '' and '0' or where, 'COUNT', count)
  return distinct(reply[2]), reply[1] == '0' and '' or reply[1], #reply[2]
end

-- Returns how many of several values are done, and where in the next one to go on.
local function positions_of(where)
  local done, inner = string.match(where, '^v(%d+);(.*)$')
  return tonumber(done) or 0, inner or ''
end
