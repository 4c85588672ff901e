-- Deletes objects with the consequences that `on_delete` says: objects that refer to them are deleted as well
-- (cascade), lose the reference (clear), or prevent the deletion (restrict).
--
-- ARGV   from a position to the end:
--          the most changes (see lua/library/changes.lua), or ''
--          a count of models, the one of the objects first, and for each:
--            set   its set of primary keys
--            args  a count of arguments, and those: its catalog, its keys and indexes (see
--                  lua/library/unindex_object.lua)
--            a count of references to it, and for each:
--              policy   'cascade', 'clear' or 'restrict'
--              holder   the number of the model that refers
--              kind     the kind of the index that finds the objects that refer (see lua/library/index_owners.lua)
--              key      its key
--              catalog  the catalog of the model that refers (see indexes/maintenance/declare.lua)
--              name     the name of the index there
--              many     'one' or 'many': the number of references that the field holds
--              args     a count of arguments, and those: the command that clears the field (see
--                       lua/library/scalar_commands.lua); if the field holds many, the command that removes a member
--                       (see lua/library/member_commands.lua), whose last argument is '' for the primary key
-- @requires call clear_reference count_changes current_key index_updates known_references limit_changes
-- @requires make_deletion_count owners_in refuse refuse_more_than transform_request unindex_object unlink_object
-- @provides delete_objects deleted_pks read_models unlink_deleted

-- Objects that are deleted except for their keys, since that cannot be taken back; and those of the first model, by
-- primary key.
local deleted, deleted_pks = {}, {}

local function read_models(at)
  local models, references = {}, {}
  deleted, deleted_pks, known_references = {}, {}, {}
  limit_changes(ARGV[at])
  local count = tonumber(ARGV[at + 1])
  at = at + 2
  for number = 1, count do
    local last = at + 1 + ARGV[at + 1]
    local model = { set = ARGV[at], meta = ARGV[at + 2], first = at + 3, last = last, references = {} }
    model.count = make_deletion_count(model.first, last)
    models[number] = model
    at = model.last + 2
    for reference = 1, ARGV[model.last + 1] do
      local arguments = tonumber(ARGV[at + 7])
      references[#references + 1] = {
        number = #references + 1,
        policy = ARGV[at],
        holder = tonumber(ARGV[at + 1]),
        kind = ARGV[at + 2],
        key = ARGV[at + 3],
        many = ARGV[at + 6] == 'many',
        first = at + 8,
        last = at + 7 + arguments,
      }
      known_references[ARGV[at + 3]] = true
      -- Another process may have cleared the index since this one asked.
      current_key = ARGV[at + 4]
      if call('HGET', current_key, ARGV[at + 5]) == '-' then
        refuse('unbuilt', #references)
      end
      model.references[reference] = references[#references]
      at = at + 8 + arguments
    end
  end
  return models
end

-- Returns the objects that refer to one by a field; only some of them, if a number is given.
local function holders(reference, pk, some)
  local owners = owners_in(reference.kind)
  current_key = owners.key_of and owners.key_of(reference.key, pk) or reference.key
  if some then
    return (owners.some or owners.list)(reference.key, pk, some)
  end
  refuse_more_than(owners.count(reference.key, pk), pk, reference.number)
  return owners.list(reference.key, pk)
end

-- Finds all objects that are deleted with some of the first model. Returns them in order, the same by the number of their
-- model, and the number of the first ones that exist.
local function objects_to_delete(pks, models)
  local to_delete, order = {}, {}
  for number = 1, #models do
    to_delete[number] = {}
  end
  -- Adds to the objects that are deleted those of some objects, found by a reference, that exist and are not yet among
  -- them.
  local function go(number, pks, reference)
    local model, fresh = models[number], {}
    for at = 1, #pks do
      if not to_delete[number][pks[at]] then
        fresh[#fresh + 1] = pks[at]
      end
    end
    for first = 1, #fresh, 1000 do
      current_key = model.set
      local exist = call('SMISMEMBER', model.set, unpack(fresh, first, math.min(first + 999, #fresh)))
      for at = 1, #exist do
        local pk = fresh[first + at - 1]
        if exist[at] == 1 and not to_delete[number][pk] then
          to_delete[number][pk] = true
          order[#order + 1] = { number, pk }
          model.count(pk, reference)
          count_changes(#model.references, pk, reference) -- each reference has to be looked at
        end
      end
    end
  end
  go(1, pks)
  local found, next_one = #order, 1
  while next_one <= #order do
    local number, pk = unpack(order[next_one])
    for _, reference in ipairs(models[number].references) do
      if reference.policy == 'cascade' then
        go(reference.holder, holders(reference, pk), reference.number)
      end
    end
    next_one = next_one + 1
  end
  return order, to_delete, found
end

-- Refuses the deletion if an object that stays refers to one by a restricting reference.
local function refuse_restricted(reference, pk, also_going, set)
  local function look(holders)
    for _, holder in ipairs(holders) do
      if not also_going[holder] and call('SISMEMBER', set, holder) == 1 then
        refuse('restricted', reference.number, holder, pk)
      end
    end
  end
  look(holders(reference, pk, 100))
  look(holders(reference, pk))
end

-- Clears the references to an object, in objects that stay.
local function clear_references(reference, pk, also_going, set)
  for _, holder in ipairs(holders(reference, pk)) do
    if not also_going[holder] then
      count_changes(2, pk, reference.number) -- the value and its entry
      clear_reference(reference, set, holder, pk)
    end
  end
end

-- Deletes objects of the first model except for their keys; returns their number.
local function delete_objects(pks, models)
  if index_updates then
    index_updates.forget_composites() -- those of an earlier deletion, which was refused
  end
  local order, to_delete, found = objects_to_delete(pks, models)
  -- Objects that are deleted anyway neither prevent the deletion nor lose a reference.
  local function each_left(policy, act)
    for _, one in ipairs(order) do
      for _, reference in ipairs(models[one[1]].references) do
        if reference.policy == policy then
          act(reference, one[2], to_delete[reference.holder], models[reference.holder].set)
        end
      end
    end
  end
  each_left('restrict', refuse_restricted)
  each_left('clear', clear_references)
  if index_updates then
    index_updates.follow_composites()
  end

  for _, one in ipairs(order) do
    local model = models[one[1]]
    unindex_object(model.set, one[2], model.first, model.last, model.meta)
  end
  for _, one in ipairs(order) do
    deleted[#deleted + 1] = { one[2], models[one[1]].first, models[one[1]].meta }
    deleted_pks[one[2]] = deleted_pks[one[2]] or one[1] == 1
  end
  return found
end

-- Removes the keys of all deleted objects, unless the step is to be taken back.
local function unlink_deleted()
  if transform_request then
    return
  end
  for _, one in ipairs(deleted) do
    unlink_object(one[1], one[2], one[3])
  end
end
