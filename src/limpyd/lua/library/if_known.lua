-- The reply of a command, or nothing where the server is too old to know it.
-- @provides if_known
local function if_known(...)
  local reply = redis.pcall(...)
  if type(reply) == 'table' and reply.err then
    if not string.find(string.lower(reply.err), 'unknown') then
      error(reply)
    end
    return nil
  end
  return reply
end
