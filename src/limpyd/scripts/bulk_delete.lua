#!lua flags=allow-oom
-- Deletes objects: values, indexes and membership. Ends at the first object that is absent or needs too many changes;
-- objects before it are gone. If only all of them together need too many changes, it ends early and names no object.
--
-- KEYS   1  the set of primary keys
-- ARGV   1  '1' to pass over absent objects
--        2  a count of primary keys, and those
--        …  the most changes (see lua/library/changes.lua), or ''
--        …  the catalog of the model
--        …  the keys and indexes of its objects (see lua/library/unindex_object.lua)
-- Reply  'ok'; the number of objects deleted; the number absent; false, or the position of the refused object (counted
--        from 0) and its outcome; or 'undeclared', 'transform', 'error' (see lua/library/journal.lua)
-- @guarded
-- @requires abort atomically call current_key limit_changes make_deletion_count transform_request unindex_object
-- @requires unlink_object with_savepoint

return atomically(function()
  local last = 2 + ARGV[2]
  local meta, first = ARGV[last + 2], last + 3
  local found, missing, stopped, count = {}, 0, false, make_deletion_count(first, #ARGV)
  limit_changes(ARGV[last + 1])
  for at = 3, last do
    current_key = KEYS[1]
    if call('SISMEMBER', KEYS[1], ARGV[at]) == 1 then
      local _, refused = with_savepoint(count, ARGV[at])
      if refused and refused[1] ~= 'large' then
        abort(refused)
      elseif refused then
        stopped = at == 3 and { 0, refused }
        break
      end
      unindex_object(KEYS[1], ARGV[at], first, #ARGV, meta)
      found[#found + 1] = ARGV[at]
    elseif ARGV[1] == '1' then
      missing = missing + 1
    else
      stopped = { at - 3, { 'gone' } }
      break
    end
  end
  if transform_request then
    return -- what follows cannot be taken back
  end
  for number = 1, #found do
    unlink_object(found[number], first, meta)
  end
  return { 'ok', #found, missing, stopped }
end)
