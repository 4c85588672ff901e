-- Reads a whole stream: its last id, the number of entries that were ever added, the largest id of a deleted one, and its
-- entries. Nothing for a stream that never had an entry.
-- @requires call
-- @provides stream_at

local function stream_at(key)
  if call('EXISTS', key) == 0 then
    return false
  end
  local facts, reply = {}, call('XINFO', 'STREAM', key)
  for at = 1, #reply, 2 do
    facts[reply[at]] = reply[at + 1]
  end
  local last_id, entries = facts['last-generated-id'], call('XRANGE', key, '-', '+')
  return last_id ~= '0-0' and { last_id, facts['entries-added'], facts['max-deleted-entry-id'], entries }
end
