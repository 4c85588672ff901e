-- Records of keys and references in the catalogs of models (see indexes/maintenance/declare.lua): those that other
-- processes have declared, and this process may not declare.
-- @requires call current_key dynamic_field each_version in_transaction inventory_of key_from_template owners_in refuse
-- @requires unlink
-- @provides check_references check_versions_listed each_unknown known_references unlink_field unlink_unknown
-- @provides unlink_versions


local records = {} -- by catalog
local known_references = {} -- the keys of the indexes of the references that the process knows

local function records_of(meta)
  if not records[meta] then
    local packed = call('HMGET', meta, ':keys', ':references')
    records[meta] = {
      keys = packed[1] and cmsgpack.unpack(packed[1]) or {},
      references = packed[2] and cmsgpack.unpack(packed[2]) or {},
    }
  end
  return records[meta]
end

-- Returns whether a reference of another model may refer to an object, and whether it is only recorded, so that nobody
-- can say. What cannot be looked up may refer.
local function may_be_referred(reference, pk)
  local kind, key, set, meta, name, partitions = unpack(reference)
  local found = redis.pcall('HMGET', meta, name, ':epoch')
  if found.err then
    return true, false
  end
  local state, epoch = unpack(found)
  if tonumber(partitions or 1) > 1 then
    -- Only the first partition is known here. No process may have declared the model there yet, though it is in others.
    return state or not epoch, true
  end
  if state == '-' then
    return redis.pcall('EXISTS', set) ~= 0, true
  end
  local looked, owners = pcall(function()
    local index = owners_in(kind)
    return (index.some or index.list)(key, pk, 1)
  end)
  return not looked or #owners > 0, false
end

-- Refuses a deletion if a reference that the process does not know may refer to the object.
local function check_references(meta, pk)
  for label, reference in pairs(records_of(meta).references) do
    if not known_references[reference[2]] then
      local refers, is_recorded_only = may_be_referred(reference, pk)
      if refers then
        refuse('undeclared', label, pk, is_recorded_only and reference[4], reference[5])
      end
    end
  end
end

-- Removes the keys of all versions of an object's dynamic field, and its inventory; returns their number. Versions in
-- the hash of the object go with the hash.
local function unlink_versions(prefix, pk)
  local inventory, keys, removed = inventory_of(prefix, pk), {}, 0
  local _, sub_template = dynamic_field(prefix)
  current_key = inventory
  if sub_template == '' then
    each_version(prefix, pk, function(key)
      keys[#keys + 1] = key
    end)
  end
  for first = 1, in_transaction and 0 or #keys, 1000 do
    removed = removed + call('UNLINK', unpack(keys, first, math.min(first + 999, #keys)))
  end
  for at = 1, in_transaction and #keys or 0 do
    removed = removed + call('EXISTS', keys[at])
    unlink(keys[at])
  end
  unlink(inventory)
  return removed
end

-- Removes the key of an object's field, or the keys of all versions of a dynamic one.
local function unlink_field(prefix, pk)
  if dynamic_field(prefix) then
    unlink_versions(prefix, pk)
  else
    unlink(key_from_template(prefix, pk))
  end
end

-- Calls a function with the prefixes of fields that the process does not know. Those that it knows are in ARGV from
-- `first` to `last`.
local function each_unknown(meta, first, last, act)
  local prefixes = records_of(meta).keys
  if #prefixes == last - first + 1 then
    return -- the process knows all, as the catalog has those that it knows
  end
  local known = {}
  for at = first, last do
    known[ARGV[at]] = true
  end
  for each = 1, #prefixes do
    if not known[prefixes[each]] then
      act(prefixes[each])
    end
  end
end

-- Stops before any key is removed, which cannot be taken back, if an inventory is no set: then the keys of its versions
-- could not be found.
local function check_versions_listed(meta, pk, first, last)
  local function check(prefix)
    if dynamic_field(prefix) then
      current_key = inventory_of(prefix, pk)
      call('SCARD', current_key)
    end
  end
  for at = first, last do
    check(ARGV[at])
  end
  each_unknown(meta, first, last, check)
end

-- Removes the keys of an object's fields that the process does not know.
local function unlink_unknown(meta, pk, first, last)
  each_unknown(meta, first, last, function(prefix)
    unlink_field(prefix, pk)
  end)
end
