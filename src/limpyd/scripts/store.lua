#!lua
-- Stores the result of a query as a list of primary keys.
--
-- KEYS   as for scripts/find.lua, and the key of the list
-- ARGV   the query (see lua/library/query_request.lua), where further is
--          1  the position of the list in KEYS
--          2  its time to live in seconds, 0 for none
--          3  the member of an empty result, as Redis has no empty lists
-- Reply  the length of the list; or GONE (see scripts/find.lua); or 'error' (see lua/library/journal.lua)
-- @guarded
-- @requires SLICE atomically call current_key gone page_of_pks read_request undo_with

return atomically(function()
  local request = read_request()
  if gone then
    return { ok = 'GONE' }
  end
  local key = KEYS[tonumber(ARGV[5])]
  local kind = call('TYPE', key).ok
  if kind ~= 'none' and kind ~= 'list' then
    error({ err = 'ERR limpyd: a collection is not stored in ' .. key .. ', which holds a ' .. kind })
  end
  local pks = page_of_pks(request)
  if #pks == 0 then
    pks = { ARGV[7] }
  end
  -- What was there goes last, so that it is not lost if anything fails.
  current_key = key
  local before = call('LLEN', key)
  for first = 1, #pks, SLICE do
    call('RPUSH', key, unpack(pks, first, math.min(first + SLICE - 1, #pks)))
    if first == 1 and before == 0 then
      undo_with('DEL', key)
    elseif first == 1 then
      undo_with('LTRIM', key, 0, before - 1)
    end
  end
  if ARGV[6] ~= '0' then
    call('EXPIRE', key, ARGV[6])
  else
    call('PERSIST', key)
  end
  if before > 0 then
    call('LTRIM', key, before, -1)
  end
  return #pks
end)
