#!lua
-- Creates objects. If one conflicts with an existing object, by its primary key or a unique value, the existing object
-- is updated instead. Each is all or nothing by itself. Ends at the first that is refused; changes before it stay.
--
-- KEYS   1  the set of primary keys
--        2  the last automatic primary key, if keys are to be minted
-- ARGV   1  '1' to reply with the primary keys
--        2  '1' if no object may be created: those with the primary keys are updated
--        3… the objects (see lua/library/bulk_input.lua)
--        …  the fields, then the new values for each object (see lua/library/assign.lua)
-- Reply  'ok'; the number of objects created; 0; the number updated; false, or the position of the refused object
--        (counted from 0), its outcome (see lua/library/journal.lua) and the primary key of the object that it is
--        about; the primary keys; the objects passed over since another partition has what they conflict with, or has
--        it no more: for each its position and the primary key of that object. Or 'transform' or 'promise'
-- @guarded
-- @requires after_object assign atomically call create_one each_entry give_up_unused_claims is_conflict read_fields
-- @requires read_objects read_shapes with_savepoint

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
  local minted, updates_only = KEYS[2] ~= nil, ARGV[2] == '1'
  local objects, at = read_objects(read_shapes(3), minted)
  at = read_fields(at)
  local created, updated, pks, elsewhere, refused = 0, 0, {}, {}, false
  for number = 1, #objects do
    local object, pk, outcome = objects[number], nil, { 'taken' }
    if not updates_only then
      pk, outcome = with_savepoint(create_one, object, minted)
    end
    if pk then
      created = created + 1
    elseif is_conflict(outcome) then
      local owner = outcome[1] == 'taken' and object.pk or outcome[4]
      if (updates_only or ARGV.claims_of_chunk) and call('SISMEMBER', KEYS[1], owner) == 0 then
        elsewhere[#elsewhere + 1], elsewhere[#elsewhere + 2] = number - 1, owner
      else
        pk, outcome = with_savepoint(update_one, owner, { at = at, object = object })
        if not pk then
          refused = { number - 1, outcome, owner }
          break
        end
        updated = updated + 1
      end
    else
      refused = { number - 1, outcome, object.pk }
      break
    end
    pks[number] = pk or false
    at = after_object(at)
  end
  give_up_unused_claims()
  return { 'ok', created, 0, updated, refused, ARGV[1] == '1' and pks or {}, elsewhere }
end)
