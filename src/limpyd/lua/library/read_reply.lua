-- Replies of scripts that only read.
-- @requires call current_key in_transaction mistyped_among wrong_type
-- @provides reply_of

-- Replies with the result of a function. If it meets a key of another type than it should be, it is run again to find
-- that key, since it only reads.
local function reply_of(act)
  local done, reply = pcall(act)
  if done then
    return reply
  end
  local message = type(reply) == 'table' and reply.err or tostring(reply)
  if not string.find(message, 'WRONGTYPE', 1, true) or string.find(message, 'WRONGTYPE limpyd', 1, true) then
    error(reply, 0)
  end
  local last, plain = {}, call
  call = function(...)
    last = { ... }
    return plain(...)
  end
  pcall(act)
  call = plain
  local key = mistyped_among(last)
  if in_transaction or not key then
    current_key = key or current_key
    error(reply, 0)
  end
  return wrong_type(key)
end
