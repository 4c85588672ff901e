-- Names the object at which a step is refused, if only the script knows it.
-- @requires abort outcome_of
-- @provides at_object

-- Calls a function with a primary key and more; a refusal becomes 'at', the primary key and the outcome.
local function at_object(act, pk, ...)
  local done, result = pcall(act, pk, ...)
  if not done then
    abort({ 'at', pk, outcome_of(result) })
  end
  return result
end
