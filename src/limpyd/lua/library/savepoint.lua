-- Runs a part of a step that is all or nothing by itself: returns its result, or nil and the outcome of what stopped it
-- (see lua/library/journal.lua).
-- @requires abort journal_length outcome_of roll_back rollback_error savepoint
-- @provides is_conflict with_savepoint

local function with_savepoint(part, ...)
  local mark, outer = journal_length, savepoint
  savepoint = mark
  local done, result = pcall(part, ...)
  savepoint = outer
  if done then
    return result
  end
  if not roll_back(mark) then
    abort(rollback_error)
  end
  return nil, outcome_of(result)
end

-- Returns whether an outcome says that the primary key or a unique value belongs to another object.
local function is_conflict(outcome)
  return outcome[1] == 'taken' or outcome[1] == 'unique'
end
