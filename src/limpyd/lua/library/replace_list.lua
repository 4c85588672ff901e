-- Replaces the list of a stored collection.
-- @requires SLICE call current_key undo_with
-- @provides replace_list

-- Makes a list hold primary keys, or `nothing` if there are none, as Redis has no empty lists; with a time to live in
-- seconds, '0' for none. Returns how many it holds.
local function replace_list(key, pks, ttl, nothing)
  local kind = call('TYPE', key).ok
  if kind ~= 'none' and kind ~= 'list' then
    error({ err = 'ERR limpyd: a collection is not stored in ' .. key .. ', which holds a ' .. kind })
  end
  if #pks == 0 then
    pks = { nothing }
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
  if ttl ~= '0' then
    call('EXPIRE', key, ttl)
  else
    call('PERSIST', key)
  end
  if before > 0 then
    call('LTRIM', key, before, -1)
  end
  return #pks
end
