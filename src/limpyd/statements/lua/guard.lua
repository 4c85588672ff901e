-- Refuses to run if the model's epoch is not the one that the process knows (see indexes/maintenance/declare.lua).
local call = redis.pcall
-- $epoch
if epoch ~= ARGV[1] then
  local failed = type(epoch) == 'table' and epoch.err
  if failed and string.find(failed, 'WRONGTYPE', 1, true) then
    failed = 'WRONGTYPE the key ' .. KEYS[2] .. ' should be a hash; rename or delete it'
  end
  return redis.error_reply(failed or 'OUTDATED ' .. KEYS[2])
end
