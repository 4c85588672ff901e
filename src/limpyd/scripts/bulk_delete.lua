#!lua flags=allow-oom
-- Deletes objects: values, indexes and membership. It may end with the first that is absent; those before are gone.
--
-- KEYS   the set of primary keys
-- ARGV   '1' to pass over absent ones; a count of primary keys, and those; the catalog of the model; what the
--        model looks like (see library/deleting)
-- Reply  'ok', how many were deleted, how many absent, false or where the absent one stands (counted from 0) and its outcome; or
--        'undeclared', 'asked', 'error' (see library/atomic)
-- @guarded
-- @requires asked atomically forget unlink_all

return atomically(function()
  local last = 2 + ARGV[2]
  local meta, first = ARGV[last + 1], last + 2
  local found, missing, stopped = {}, 0, false
  for at = 3, last do
    if forget(KEYS[1], ARGV[at], first, #ARGV, meta) then
      found[#found + 1] = ARGV[at]
    elseif ARGV[1] == '1' then
      missing = missing + 1
    else
      stopped = { at - 3, { 'gone' } }
      break
    end
  end
  if asked then
    return -- what follows cannot be taken back
  end
  for number = 1, #found do
    unlink_all(found[number], first, meta)
  end
  return { 'ok', #found, missing, stopped }
end)
