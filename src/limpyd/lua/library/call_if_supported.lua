-- The reply of a command; nothing if the server is too old for the command.
-- @provides call_if_supported
local function call_if_supported(...)
  local reply = redis.pcall(...)
  if type(reply) == 'table' and reply.err then
    if not string.find(string.lower(reply.err), 'unknown') then
      error(reply)
    end
    return nil
  end
  return reply
end
