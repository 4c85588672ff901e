-- The next automatic primary key. KEYS[1] is the set of primary keys, KEYS[2] the last automatic one.
-- A number already in use is passed over, so that a lost counter cannot give a key twice.

local function mint()
  while true do
    subject_key = KEYS[2]
    local number = call('INCR', KEYS[2])
    if number == 1 then
      undo_with('DEL', KEYS[2])
    else
      undo_with('DECR', KEYS[2])
    end
    local pk = string.format('%.0f', number)
    subject_key = KEYS[1]
    if call('SADD', KEYS[1], pk) == 1 then
      undo_with('SREM', KEYS[1], pk)
      return pk
    end
  end
end
