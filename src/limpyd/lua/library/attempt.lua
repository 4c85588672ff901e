-- A part of a step that is all or nothing by itself: gives what it gives, or nil and the outcome of what stopped it
-- (see library/atomic).
-- @requires broken noted outcome_of play_back take_back
-- @provides attempt is_conflict

local function attempt(part, first, second)
  local mark = noted
  local done, result = pcall(part, first, second)
  if done then
    return result
  end
  if not play_back(mark) then
    take_back(broken)
  end
  return nil, outcome_of(result)
end

-- Whether an outcome says that something belongs to another object.
local function is_conflict(outcome)
  return outcome[1] == 'taken' or outcome[1] == 'unique'
end
