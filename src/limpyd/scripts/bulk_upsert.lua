#!lua
-- Creates objects; of those that stand against an object, by its primary key or a unique value, that one is
-- given the values. Each is all or nothing by itself. It ends with the first that is refused; what was done before
-- stays.
--
-- KEYS   the set of primary keys; the last automatic one if they are to be minted
-- ARGV   '1' to give the primary keys; the objects (see lua/library/bulk_input.lua); fields, and what of each object
--        (see lua/library/assign.lua)
-- Reply  'ok', how many were created, how many passed over (none), how many updated, false or where the refused one
--        stands (counted from 0), its outcome (see lua/library/journal.lua) and the primary key it is about, the
--        primary keys; or 'transform'
-- @guarded
-- @requires after_object assign atomically create_one is_conflict read_fields read_objects read_shapes with_savepoint

local function update_one(pk, at)
  assign(pk, at)
  return pk
end

return atomically(function()
  local minted = KEYS[2] ~= nil
  local objects, at = read_objects(read_shapes(2), minted)
  at = read_fields(at)
  local created, updated, pks, refused = 0, 0, {}, false
  for number = 1, #objects do
    local pk, outcome = with_savepoint(create_one, objects[number], minted)
    if pk then
      created = created + 1
    elseif is_conflict(outcome) then
      local owner = outcome[1] == 'taken' and objects[number].pk or outcome[4]
      pk, outcome = with_savepoint(update_one, owner, at)
      if pk then
        updated = updated + 1
      else
        refused = { number - 1, outcome, owner }
        break
      end
    else
      refused = { number - 1, outcome, objects[number].pk }
      break
    end
    pks[number] = pk
    at = after_object(at)
  end
  return { 'ok', created, 0, updated, refused, ARGV[1] == '1' and pks or {} }
end)
