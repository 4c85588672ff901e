-- Names the object at which a step on several objects was refused.
-- @provides at_object

-- Returns 'at', the primary key and the outcome for a refusal; other replies as they are.
local function at_object(pk, reply)
  if not pk or not reply[1] or reply[1] == 'ok' or reply[1] == 'transform' then
    return reply
  end
  return { 'at', pk, reply }
end
