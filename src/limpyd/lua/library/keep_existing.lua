-- Keeps those of some primary keys that are in a set: that of all objects, KEYS[1], if no other one is given.
-- @requires ask_for
-- @provides keep_existing

local function keep_existing(pks, set)
  local replies, kept = ask_for('SMISMEMBER', set or KEYS[1], pks), {}
  for at = 1, #replies do
    if replies[at] == 1 then
      kept[#kept + 1] = pks[at]
    end
  end
  return kept
end
