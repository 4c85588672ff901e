#!lua
-- Creates objects. If one conflicts with an existing object, by its primary key or a unique value, the existing object
-- is updated instead. Each is all or nothing by itself. Ends at the first that is refused; changes before it stay.
--
-- KEYS   1  the set of primary keys
--        2  the last automatic primary key, if keys are to be minted
-- ARGV   1  '1' to reply with the primary keys
--        2… the objects (see lua/library/bulk_input.lua)
--        …  the fields, then the new values for each object (see lua/library/assign.lua)
-- Reply  'ok'; the number of objects created; 0; the number updated; false, or the position of the refused object
--        (counted from 0), its outcome (see lua/library/journal.lua) and the primary key of the object that it is
--        about; the primary keys; or 'transform'
-- @guarded
-- @requires after_object assign atomically create_one each_entry is_conflict read_fields read_objects read_shapes
-- @requires with_savepoint

-- Gives an existing object the values that begin at a position, and what only an import gives to the object that it is in place of.
local function update_one(pk, values)
  assign(pk, values.at)
  if values.object.more then
    each_entry(values.object, function(index, entry)
      if index.kind.restores then
        index.kind.add(index.key, entry, pk)
      end
    end)
  end
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
      pk, outcome = with_savepoint(update_one, owner, { at = at, object = objects[number] })
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
