-- The next automatic primary key. KEYS[1] is the set of primary keys, KEYS[2] the last automatic one.
-- A number already in use is passed over, so that a lost counter cannot give a key twice; the first
-- one in use moves the counter on to the number of objects, since most below that will be in use too.
-- @requires call is_rounded subject_key undo_with
-- @provides mint

local function mint()
  subject_key = KEYS[2]
  local number, is_first = call('INCR', KEYS[2]), true
  if number == 1 then
    undo_with('DEL', KEYS[2])
  else
    undo_with('DECR', KEYS[2])
  end
  while true do
    local pk = is_rounded(number) and call('GET', KEYS[2]) or string.format('%.0f', number)
    subject_key = KEYS[1]
    if call('SADD', KEYS[1], pk) == 1 then
      undo_with('SREM', KEYS[1], pk)
      return pk
    end
    subject_key = KEYS[2]
    if is_first then
      is_first = false
      undo_with('SET', KEYS[2], pk)
      local objects = call('SCARD', KEYS[1])
      if objects > number then
        call('SET', KEYS[2], objects)
      end
    end
    number = call('INCR', KEYS[2])
  end
end
