-- Whether the server still has all that a partition ever had of claims (see limpyd.claims).
--
-- A server calls each history of its data by an id, which changes when a replica takes its primary's place, and when a
-- server starts: its data may then be those of a moment ago. The partition notes the id under `history`.
-- @provides history_id is_continued

local id = false

-- Returns the id; empty if the account may not read it.
local function history_id()
  if not id then
    local info = redis.pcall('INFO', 'replication')
    local _, last = string.find(type(info) == 'string' and info or '', 'master_replid:', 1, true)
    id = last and string.sub(info, last + 1, last + 40) or ''
  end
  return id
end

-- Returns whether a key holds the id.
local function is_continued(key)
  return redis.call('GET', key) == history_id()
end
