#!lua flags=allow-oom
-- Removes objects whose deadline is over, and to which others may refer: those lose the reference (clear), or are deleted
-- as well (cascade). It ends after about 5 ms, or after as long as it has to look for the first object to which none refers.
--
-- Objects are removed one by one, those that refer before those that they refer to, and what is done stays done. Nobody
-- sees the halves, as scripts of all models concerned have this one in their beginning (see lua/overdue_targets.lua), and
-- run only when nothing is left. So it has no limit of changes.
--
-- How objects are deleted and references taken away is in the catalogs (see relations/expiring_targets.py): the process may
-- not know all models.
--
-- KEYS   1  the set of primary keys
--        2  the catalog
-- ARGV   1  the most objects whose deadline is over
-- Reply  'ok', the number of these that it removed, 1 if no other deadline is over, else 0; or 'unrecorded' and the catalog
--        of a model that has to be declared first, 'unbuilt' and the label of a reference whose index is not built; or
--        'closed', 'undeclared', 'transform', 'error' (see lua/library/journal.lua)
-- @guarded
-- @requires atomically call clear_reference current_key index_updates journal_length known_references owners_in refuse
-- @requires refuse_if_closed seconds_now split_netstrings transform_request unindex_object unlink_object with_savepoint

local SECONDS, SOME = 0.005, 100
local LAYOUT, REFERS = ':layout', ':refers:'
local models = {} -- by catalog

local function add_arguments(texts, first)
  local at = #ARGV + 1
  for each = first, #texts do
    ARGV[#ARGV + 1] = texts[each]
  end
  return at, #ARGV
end

-- Returns a model by its set of primary keys and its catalog, with the positions of its keys and indexes in ARGV.
local function model_at(set, meta)
  if not models[meta] then
    current_key = meta
    local packed = call('HGET', meta, LAYOUT)
    local layout = split_netstrings(packed or '')
    if layout[1] ~= meta then -- it was declared before objects expired, or under another name
      refuse('unrecorded', meta)
    end
    local first, last = add_arguments(layout, 2)
    models[meta] = { set = set, meta = meta, first = first, last = last, going = {} }
  end
  return models[meta]
end

-- Returns the references to a model. One that no process has recorded with what becomes of it is found by the deletion.
local function references_to(model)
  if model.references then
    return model.references
  end
  model.references, model.cascading = {}, {}
  current_key = model.meta
  local packed = call('HGET', model.meta, ':references')
  for label, facts in pairs(packed and cmsgpack.unpack(packed) or {}) do
    local kind, key, set, meta, name = unpack(facts)
    current_key = meta
    local state, how = unpack(call('HMGET', meta, name, REFERS .. name))
    local record = split_netstrings(how or '')
    if record[1] == key then
      if state == '-' then
        refuse('unbuilt', label)
      end
      local first, last = add_arguments(record, 4)
      known_references[key] = true
      model.references[#model.references + 1] =
        { owners = owners_in(kind), key = key, set = set, meta = meta, policy = record[2], many = record[3] == 'many', first = first, last = last }
      if record[2] == 'cascade' then
        model.cascading[#model.cascading + 1] = model.references[#model.references]
      end
    end
  end
  return model.references
end

local began, last_moment, removed = seconds_now(), false, 0

local function is_time_over()
  local now = seconds_now()
  last_moment = last_moment or math.max(began + SECONDS, 2 * now - began)
  return now > last_moment
end

-- Does one thing, which stays done; returns whether the time is over.
local function finally(act, ...)
  act(...)
  journal_length, removed = 0, removed + 1
  return is_time_over()
end

local function refuse_transform()
  if transform_request then
    refuse(unpack(transform_request))
  end
end

local function clear(reference, holder, pk)
  clear_reference(reference, reference.set, holder, pk)
  if index_updates then
    index_updates.follow_composites()
  end
  refuse_transform()
end

local deadlines = string.sub(KEYS[1], 1, -4) .. 'deadline:object'

local function remove(model, pk)
  local exists = unindex_object(model.set, pk, model.first, model.last, model.meta)
  refuse_transform()
  if exists then
    unlink_object(pk, model.first, model.meta)
  end
end

-- Removes an object whose deadline is over.
local function expire(model, pk)
  remove(model, pk)
  call('ZREM', deadlines, pk) -- if the value of the deadline, or the object, was lost
end

-- Returns those of some objects of a model that exist, and are not passed over.
local function existing(reference, holders, passed)
  local fresh, found = {}, {}
  for at = 1, #holders do
    if not passed[holders[at]] then
      fresh[#fresh + 1] = holders[at]
    end
  end
  for first = 1, #fresh, 1000 do
    current_key = reference.set
    local exist = call('SMISMEMBER', reference.set, unpack(fresh, first, math.min(first + 999, #fresh)))
    for at = 1, #exist do
      found[#found + 1] = exist[at] == 1 and fresh[first + at - 1] or nil
    end
  end
  return found
end

-- Returns some objects that refer to one by a reference, of those that are not passed over; and whether these are all.
local function holders_of(reference, pk, passed)
  local owners = reference.owners
  current_key = owners.key_of and owners.key_of(reference.key, pk) or reference.key
  local some = owners.some and owners.some(reference.key, pk, SOME)
  local found = some and existing(reference, some, passed)
  if some and (found[1] or #some < SOME) then
    return found, #some < SOME
  end
  return existing(reference, owners.list(reference.key, pk), passed), true
end

-- Takes away the references to an object; returns whether the time is over.
local function clear_all(reference, pk)
  local passed, holders, is_all = {}, {}, false
  while not is_all do
    holders, is_all = holders_of(reference, pk, passed)
    for _, holder in ipairs(holders) do
      passed[holder] = true
      if finally(clear, reference, holder, pk) then
        return true
      end
    end
  end
end

-- Takes away the references to an object, and adds objects that go with it to those that are removed before it. Returns
-- whether it has added some; or nothing if the time is over.
local function prepare(one, left)
  local added = false
  for _, reference in ipairs(one.is_cleared and one.model.cascading or references_to(one.model)) do
    if reference.policy ~= 'cascade' then
      if clear_all(reference, one.pk) then
        return nil
      end
    elseif not added then -- else the others are looked for when these are removed
      local holder_model = model_at(reference.set, reference.meta)
      for _, holder in ipairs(holders_of(reference, one.pk, holder_model.going)) do
        holder_model.going[holder] = true
        left[#left + 1], added = { model = holder_model, pk = holder }, true
      end
    end
  end
  one.is_cleared = true
  return added
end

-- Removes an object whose deadline is over, with all that comes of it; returns false if the time was over before.
local function settle(pk)
  local model = model_at(KEYS[1], KEYS[2])
  local left = { { model = model, pk = pk } }
  model.going[pk] = true
  while left[1] do
    local one = left[#left]
    local added = prepare(one, left)
    if added == nil then
      return false
    elseif not added then
      local is_over = finally(left[2] and remove or expire, one.model, one.pk)
      left[#left] = nil
      if is_over then
        return not left[1]
      end
    end
  end
  return true
end

return atomically(function()
  local time, settled = call('TIME'), 0
  local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
  current_key = deadlines
  for at, pk in ipairs(call('ZRANGEBYSCORE', deadlines, '-inf', now, 'LIMIT', 0, ARGV[1])) do
    if at == 1 then
      refuse_if_closed(KEYS[2])
    elseif is_time_over() then
      break
    end
    local is_settled, refused = with_savepoint(settle, pk)
    if refused and removed == 0 then
      refuse(unpack(refused))
    elseif not is_settled then
      break
    end
    settled = settled + 1
  end
  return { 'ok', settled, call('ZCOUNT', deadlines, '-inf', now) > 0 and 0 or 1 }
end)
