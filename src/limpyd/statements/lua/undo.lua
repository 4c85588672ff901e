-- What was done is taken back, the last of it first.
local broken = false
local function undo(command, at_key, ...)
  local undone = call(command, at_key, ...)
  if type(undone) == 'table' and undone.err then
    broken = broken or { 'broken', command .. ': ' .. undone.err, at_key, 'none' }
  end
end
