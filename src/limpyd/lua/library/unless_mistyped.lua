-- Calls a function; returns nothing if a key that the function reads is of another type than it should be.
-- @provides unless_mistyped
local function unless_mistyped(act, ...)
  local done, first, second, third = pcall(act, ...)
  if done then
    return first, second, third
  end
  local message = type(first) == 'table' and first.err or tostring(first)
  if type(first) == 'table' and first.outcome or not string.find(message, 'WRONGTYPE', 1, true) then
    error(first)
  end
  return nil
end
