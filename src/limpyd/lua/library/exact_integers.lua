-- Exact integers. In Lua they are doubles, which round integers beyond 2^53. An integer that may be so large is read as
-- text, in the same step.
-- @requires refuse
-- @provides exactly holds_rounded is_rounded

-- Returns whether an integer may have been rounded.
local function is_rounded(reply)
  return type(reply) == 'number' and (reply >= 2 ^ 53 or reply <= -2 ^ 53)
end

-- Returns whether the reply of a read holds a rounded integer. Lists that begin and end with texts hold no integers.
local function holds_rounded(reply)
  if type(reply) ~= 'table' then
    return is_rounded(reply)
  end
  local last = #reply
  for at = 1, (type(reply[1]) ~= 'string' or type(reply[last]) ~= 'string') and last or 0 do
    if holds_rounded(reply[at]) then
      return true
    end
  end
  return false
end

-- The exact reply of a command that counts (INCRBY, DECRBY, HINCRBY and the like). If it cannot be read again, the
-- command is taken back if it is `journaled`; if not, the outcome says that it was run.
local function exactly(reply, journaled, command, key, sub)
  if not is_rounded(reply) then
    return reply
  end
  local text
  if command == 'HINCRBY' then
    text = redis.pcall('HGET', key, sub)
  else
    text = redis.pcall('GET', key)
  end
  if type(text) == 'table' and journaled then
    error(text)
  elseif type(text) == 'table' then
    refuse('unread', text.err, key, 'none')
  end
  return text
end
