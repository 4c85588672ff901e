-- A part of a step that is all or nothing by itself: gives what it gives, or nil and the outcome of what stopped it
-- (see library/atomic).
-- @requires broken noted outcome_of play_back savepoint take_back
-- @provides attempt is_conflict

local function attempt(part, first, second)
  local mark, outer = noted, savepoint
  savepoint = mark
  local done, result = pcall(part, first, second)
  savepoint = outer
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
