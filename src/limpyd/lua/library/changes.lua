-- Counts the changes of a step: objects that go or are changed, their index entries, and versions of dynamic fields. It
-- is refused before it changes more than it may, since it would keep the server busy for long.
-- @requires refuse
-- @provides count_changes limit_changes refuse_more_than

local most_changes, changes = math.huge, 0

-- Begins to count, as far as a limit that is given as text, '' for none.
local function limit_changes(most)
  most_changes, changes = tonumber(most) or math.huge, 0
end

-- Refuses the step if a count alone is beyond the limit. The reference, see lua/library/cascade.lua, by which so many
-- objects refer to one with the primary key, or the key that holds so many, is named.
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
