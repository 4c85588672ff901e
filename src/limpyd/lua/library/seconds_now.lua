-- The time, to measure how long a script has run.
--
-- On newer servers Lua has a clock, and TIME does not change while a script runs. On older ones Lua has no clock, and
-- TIME does change.
-- @requires call
-- @provides seconds_now

local lua_clock = rawget(_G, 'os')

local function seconds_now()
  if lua_clock then
    return lua_clock.clock()
  end
  local time = call('TIME')
  return time[1] + time[2] / 1000000
end
