-- Counts the changes of a step: objects deleted or changed, their index entries, and versions of dynamic fields. A step
-- is refused before it makes more changes than its limit, since it would block the server for long.
-- @requires refuse
-- @provides count_changes limit_changes refuse_more_than

local most_changes, changes = math.huge, 0

-- Begins to count, up to a limit in text; '' for none.
local function limit_changes(most)
  most_changes, changes = tonumber(most) or math.huge, 0
end

-- Refuses the step if a single count is beyond the limit. The refusal names the object, and the reference (see
-- lua/library/cascade.lua) or the key that has so many.
local function refuse_more_than(count, pk, reference, key)
  if count > most_changes then
    refuse('large', string.format('%.0f', count), pk or false, reference or false, key or false)
  end
end

-- Counts changes, and refuses the step if they are too many.
local function count_changes(count, pk, reference, key)
  changes = changes + count
  refuse_more_than(changes, pk, reference, key)
end
