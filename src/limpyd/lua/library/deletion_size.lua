-- Counts the changes that the deletion of an object makes, before it makes any.
-- @requires call count_changes current_key dynamic_field each_version inventory_of key_from_template
-- @provides make_deletion_count

local CARDINALITY = { set = 'SCARD', list = 'LLEN', zset = 'ZCARD', hash = 'HLEN' }

-- Returns the function that counts the changes for an object of a model. The model's keys and indexes are in ARGV from
-- one position to another (see lua/library/unindex_object.lua).
local function make_deletion_count(first, last)
  local own, fields, versions = 1, {}, {}
  -- @reads KeysAndIndexes first
  local first_prefix, last_prefix = first + 1, first + ARGV[first]
  local first_composite, last_composite = last_prefix + 2, last_prefix + 1 + 3 * ARGV[last_prefix + 1]
  local first_sub, last_sub = last_composite + 2, last_composite + 1 + ARGV[last_composite + 1]
  -- @end
  for prefix = first_prefix, last_prefix do
    if dynamic_field(ARGV[prefix]) then
      versions[#versions + 1] = ARGV[prefix]
    end
  end
  own = own + (last_composite + 1 - first_composite) / 3
  local at = last_sub + 1
  for _ = first_sub, last_sub do
    -- @reads Indexes at
    local first_index, last_index = at + 1, at + 3 * ARGV[at]
    -- @end
    own = own + (last_index + 1 - first_index) / 3
    at = last_index + 1
  end
  while at <= last do
    -- @reads IndexedField at
    local prefix, stored = ARGV[at], ARGV[at + 1]
    local first_index, last_index = at + 3, at + 2 + 3 * ARGV[at + 2]
    -- @end
    local indexes = (last_index + 1 - first_index) / 3
    if dynamic_field(prefix) or CARDINALITY[stored] then
      fields[#fields + 1] = { prefix = prefix, stored = stored, indexes = indexes }
    else
      own = own + indexes
    end
    at = last_index + 1
  end

  local function count_field(field, key, pk, reference)
    local cardinality = CARDINALITY[field.stored]
    current_key = key
    count_changes(field.indexes * (cardinality and call(cardinality, key) or 1), pk, reference, key)
  end

  -- `reference` is the one by which the object was found.
  return function(pk, reference)
    count_changes(own, pk, reference)
    for at = 1, #versions do
      current_key = inventory_of(versions[at], pk)
      count_changes(call('SCARD', current_key), pk, reference, current_key)
    end
    for at = 1, #fields do
      local field = fields[at]
      if not dynamic_field(field.prefix) then
        count_field(field, key_from_template(field.prefix, pk), pk, reference)
      elseif field.indexes > 0 then
        each_version(field.prefix, pk, function(key)
          count_field(field, key, pk, reference)
        end)
      end
    end
  end
end
