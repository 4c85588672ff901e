-- What writes to values of many members need beside (see library/tracking).
-- @provides make_member_upkeep member_upkeep

-- Made when it is first needed (see library/upkeep).
local function make_member_upkeep()
  -- @defers changes_of follow note_undo refuse_another_type track undo_move
  return {
    changes_of = changes_of,
    follow = follow,
    note_undo = note_undo,
    refuse_another_type = refuse_another_type,
    track = track,
    undo_move = undo_move,
  }
end

local member_upkeep = false
