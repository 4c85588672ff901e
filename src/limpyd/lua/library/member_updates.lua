-- Index updates for values of many members (see lua/library/change_detection.lua).
-- @provides make_member_updates member_updates

-- Made on first use (see lua/library/index_updates.lua).
local function make_member_updates()
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

local member_updates = false
