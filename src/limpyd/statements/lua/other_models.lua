-- Refuses to run if the epoch of a model is not the one that the process knows, of models that were written to before.
-- ARGV ends with these, and they are removed from it: for each the catalog and the epoch; last, how many they are.
for _ = 1, table.remove(ARGV) do
  local epoch, meta = table.remove(ARGV), table.remove(ARGV)
  if redis.pcall('HGET', meta, ':epoch') ~= epoch then
    return redis.error_reply('OUTDATED ' .. meta)
  end
end
