#!lua flags=allow-oom
-- Deletes objects that others may refer to, with the consequences (see lua/library/cascade.lua); each is all or nothing
-- by itself. Ends at the first that is refused; objects before it are gone. If only all of them together need too many
-- changes (see lua/library/changes.lua), it ends early and names no object.
--
-- KEYS   1  the set of primary keys
-- ARGV   1  '1' to pass over absent objects; otherwise one is refused
--        2  a count of primary keys, and those
--        …  the models concerned (see lua/library/cascade.lua)
-- Reply  'ok'; the number of objects deleted; the number absent; false, or the position of the refused object (counted
--        from 0) and its outcome (see lua/library/journal.lua); or 'transform', 'error'
-- @guarded
-- @requires atomically delete_objects deleted_pks read_models unlink_deleted with_savepoint

return atomically(function()
  local last = 2 + ARGV[2]
  local models = read_models(last + 1)
  local deleted, missing, stopped = 0, 0, false
  for at = 3, last do
    local found, outcome = with_savepoint(delete_objects, { ARGV[at] }, models)
    if found == 1 or found == 0 and deleted_pks[ARGV[at]] then -- by itself, or with one before it
      deleted = deleted + 1
    elseif found == 0 and ARGV[1] == '1' then
      missing = missing + 1
    elseif outcome and outcome[1] == 'large' and at > 3 then
      break
    else
      stopped = { at - 3, outcome or { 'gone' } }
      break
    end
  end
  unlink_deleted()
  return { 'ok', deleted, missing, stopped }
end)
