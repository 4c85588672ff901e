-- Refuses to change objects of a partition that are on their way to another database, or have gone there: the mover compares
-- what has arrived with what was there when it closed the partition (see limpyd.relocation).
-- @requires call current_key refuse
-- @provides refuse_if_closed

local function refuse_if_closed(meta)
  current_key = meta
  local record = call('HGET', meta, ':partitions')
  if record and string.sub(record, 1, 2) == '0 ' then
    refuse('closed', record)
  end
end
