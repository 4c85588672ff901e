-- Refuses to run if a model's epoch is not the one that the process knows: the declarations of the model have changed
-- since, so its indexes may not be as the process takes them to be (see indexes/maintenance/declare.lua).
--
-- ARGV ends with guards, which are removed from it:
--   for each model, its catalog and an epoch: the text; '' if there is none; a colon and the set of primary keys if
--   there is none as long as the model has no objects
--   for each claim of a value a NUL, the key of the index, a NUL and the value; then the nonce, the number of the
--   partition that keeps the claim, and after a space the time of the claim, unless this script makes it; or nothing, if
--   none is needed (see limpyd.claims)
--   last, the number of guards
ARGV.claims = {}

local function outdated_claim(value, held)
  ARGV.claims[value] = held
  local number, time = string.match(string.sub(held, 9), '^(%d+) (%d+)$')
  local barred = number and redis.call('HGET', string.match(value, '^{[^}]*}:') .. 'barred', number)
  return barred and tonumber(barred) > tonumber(time)
end

for _ = 1, table.remove(ARGV) do
  local epoch, meta = table.remove(ARGV), table.remove(ARGV)
  if string.byte(meta) == 0 then
    if outdated_claim(string.sub(meta, 2), epoch) then
      return redis.error_reply('OUTDATED ' .. string.sub(meta, 2))
    end
  else
    local current = redis.pcall('HGET', meta, ':epoch')
    if type(current) == 'table' then
      local mistyped = string.find(current.err, 'WRONGTYPE', 1, true)
      return redis.error_reply(mistyped and 'WRONGTYPE the key ' .. meta .. ' should be a hash; rename or delete it' or current.err)
    elseif (current or '') ~= epoch then
      local is_empty = not current and string.sub(epoch, 1, 1) == ':' and redis.call('SCARD', string.sub(epoch, 2)) == 0
      if not is_empty then
        return redis.error_reply('OUTDATED ' .. meta)
      end
    end
  end
end
