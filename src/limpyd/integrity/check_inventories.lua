#!lua
-- Checks inventories of dynamic fields (see lua/library/dynamic_parts.lua): each must list the parts for which its
-- object has a version, and no others. Each part is checked, and repaired if that is asked for, in one step.
--
-- KEYS   1  the set of primary keys
-- ARGV   1  the kinds of findings to repair (see lua/library/findings.lua)
--        2  the most parts of an object that is looked at as a whole
--        3  a count of dynamic fields, and those
--        …  in turn a primary key, the number of a field, and a part; or 0 and '' for all of the object
-- Reply  'ok', the primary keys of objects with more parts than that, and findings, each kind, key, primary key, part,
--        the number of the field:
--          missing   the object has a version that is not listed
--          expired   a part is listed that the object has no version for
--        or 'error' (see lua/library/journal.lua)
-- @guarded
-- @requires atomically call current_key dynamic_field findings inventory_of key_from_template note part_in repairs
-- @requires undo_with unless_mistyped version_locator with_part

local at_most, fields, large = tonumber(ARGV[2]), { unpack(ARGV, 4, 3 + ARGV[3]) }, {}

local function look_at_part(pk, number, part)
  local inventory, key, sub = inventory_of(fields[number], pk), version_locator(fields[number], pk)(part)
  current_key = key
  local exists = (sub == '' and call('EXISTS', key) or call('HEXISTS', key, sub)) == 1
  current_key = inventory
  local listed = call('SISMEMBER', inventory, part) == 1
  if exists and not listed then
    if repairs.missing then
      call('SADD', inventory, part)
      undo_with('SREM', inventory, part)
    end
    note('missing', inventory, pk, part, number, repairs.missing)
  elseif listed and not exists then
    if repairs.expired then
      call('SREM', inventory, part)
      undo_with('SADD', inventory, part)
    end
    note('expired', inventory, pk, part, number, repairs.expired)
  end
end

-- The parts that the hash of an object has of a field whose versions are there.
local function parts_in_hash(number, pk)
  local template, sub_template = dynamic_field(fields[number])
  local parts, hash = {}, key_from_template(template, pk)
  for _, sub in ipairs(sub_template ~= '' and call('HKEYS', hash) or {}) do
    local part = part_in(sub_template, sub)
    if part and with_part(sub_template, part) == sub then
      parts[#parts + 1] = part
    end
  end
  return parts
end

local function look_at_field(pk, number)
  local inventory = inventory_of(fields[number], pk)
  current_key = inventory
  local listed = call('SMEMBERS', inventory)
  for _, parts in ipairs({ listed, parts_in_hash(number, pk) }) do
    for at = 1, #parts do
      look_at_part(pk, number, parts[at])
    end
  end
end

-- About how many parts an object has, of all fields.
local function size_of(pk)
  local size = 0
  for number = 1, #fields do
    local template, sub_template = dynamic_field(fields[number])
    size = size + (unless_mistyped(call, 'SCARD', inventory_of(fields[number], pk)) or 0)
    size = size + (sub_template ~= '' and unless_mistyped(call, 'HLEN', key_from_template(template, pk)) or 0)
  end
  return size
end

return atomically(function()
  for at = 4 + ARGV[3], #ARGV, 3 do
    local pk, number, part = ARGV[at], tonumber(ARGV[at + 1]), ARGV[at + 2]
    current_key = KEYS[1]
    if call('SISMEMBER', KEYS[1], pk) == 0 then
      -- what is left of it is a finding of its own
    elseif number > 0 then
      unless_mistyped(look_at_part, pk, number, part)
    elseif size_of(pk) > at_most then
      large[#large + 1] = pk
    else
      for each = 1, #fields do
        unless_mistyped(look_at_field, pk, each)
      end
    end
  end
  return { 'ok', large, findings }
end)
