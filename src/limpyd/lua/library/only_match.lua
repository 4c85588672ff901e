-- Finds the one object that meets a condition.
-- @requires call refuse
-- @provides only_match

-- Returns the primary key of the object that a condition finds, or nothing; refuses several.
local function only_match(node)
  local pks, found = node.list(), nil
  for number = 1, #pks do
    -- What something other than limpyd left in an index may be of an object that does not exist.
    if call('SISMEMBER', KEYS[1], pks[number]) == 1 then
      if found then
        refuse('many', #pks)
      end
      found = pks[number]
    end
  end
  return found
end
