-- Refuses to run under another epoch than the one that the process knows of a model: what is declared of the model
-- has changed since, so its indexes are not what the process takes them for (see indexes/maintenance/declare.lua).
--
-- ARGV ends with guards, which are taken away: of each model the hash of what is declared of it, and the epoch, ''
-- for none, or a colon and the set of primary keys for none as long as there are no objects; and last, how many guards
-- there are.
for _ = 1, table.remove(ARGV) do
  local epoch, meta = table.remove(ARGV), table.remove(ARGV)
  local current = redis.pcall('HGET', meta, ':epoch')
  if type(current) == 'table' then
    local mistyped = string.find(current.err, 'WRONGTYPE', 1, true)
    return redis.error_reply(mistyped and 'WRONGTYPE the key ' .. meta .. ' should be a hash; move or delete it' or current.err)
  elseif (current or '') ~= epoch then
    local is_empty = not current and string.sub(epoch, 1, 1) == ':' and redis.call('SCARD', string.sub(epoch, 2)) == 0
    if not is_empty then
      return redis.error_reply('OUTDATED ' .. meta)
    end
  end
end
