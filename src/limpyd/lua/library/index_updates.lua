-- Index updates that need more than the value itself: other texts than the value, and composite indexes.
-- @provides index_updates make_index_updates

-- Made on first use: functions are made anew for each script that runs, and most writes need none of these.
local function make_index_updates()
  -- @defers change_value composite_entry follow_composites forget_composites note_composites parts_of_composite texts_of
  return {
    change_value = change_value,
    composite_entry = composite_entry,
    follow_composites = follow_composites,
    forget_composites = forget_composites,
    note_composites = note_composites,
    parts_of_composite = parts_of_composite,
    texts_of = texts_of,
  }
end

local index_updates = false
