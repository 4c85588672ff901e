-- Returns whether the deadline of an object is over, for scripts that also look at such objects. Another object may have its
-- unique values by then.
-- @requires call
-- @provides is_expired

local have_deadlines

local function is_expired(set, pk)
  local deadlines = string.sub(set, 1, -4) .. 'deadline:object'
  if have_deadlines == nil then
    have_deadlines = call('EXISTS', deadlines) == 1
  end
  local deadline = have_deadlines and call('ZSCORE', deadlines, pk)
  local time = deadline and call('TIME')
  return time and tonumber(deadline) <= time[1] * 1000 + math.floor(time[2] / 1000)
end
