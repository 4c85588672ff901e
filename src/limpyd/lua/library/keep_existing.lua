-- Keeps those of some primary keys that are in a set: KEYS[1], that of all objects, if no other is given.
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
