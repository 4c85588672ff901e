-- Those of some primary keys that are of objects.
-- @requires ask_for
-- @provides existing

local function existing(pks)
  local replies, kept = ask_for('SMISMEMBER', KEYS[1], pks), {}
  for at = 1, #replies do
    if replies[at] == 1 then
      kept[#kept + 1] = pks[at]
    end
  end
  return kept
end
