#!lua
-- Creates objects; each is all or nothing by itself. Ends at the first object that is refused, or passes over objects
-- that conflict with another one. Objects created before it stay.
--
-- KEYS   1  the set of primary keys
--        2  the last automatic primary key, if keys are to be minted
-- ARGV   1  '1' to pass over conflicts
--        2  '1' to reply with the primary keys
--        3… the objects (see lua/library/bulk_input.lua)
-- Reply  'ok'; the number of objects created; the number passed over; false, or the position of the refused object
--        (counted from 0) and its outcome ('taken', 'unique', 'occupied' or 'error', see lua/library/journal.lua); the
--        primary keys, nothing for an object that was passed over. Or 'promise'
-- @guarded
-- @requires atomically create_all create_one give_up_unused_claims is_conflict read_objects read_shapes with_savepoint

return atomically(function()
  local passes_over, minted = ARGV[1] == '1', KEYS[2] ~= nil
  local objects = read_objects(read_shapes(3), minted)
  local count = #objects
  local pks = with_savepoint(create_all, objects, minted)
  if pks then
    return { 'ok', count, 0, false, ARGV[2] == '1' and pks or {} }
  end
  pks = {}
  local created = 0
  local function outcome_with(done, refused)
    give_up_unused_claims()
    return { 'ok', created, done - created, refused, ARGV[2] == '1' and pks or {} }
  end
  for number = 1, count do
    local pk, outcome = with_savepoint(create_one, objects[number], minted)
    pks[number] = pk or false
    if pk then
      created = created + 1
    elseif not (passes_over and is_conflict(outcome)) then
      return outcome_with(number - 1, { number - 1, outcome })
    end
  end
  return outcome_with(count, false)
end)
