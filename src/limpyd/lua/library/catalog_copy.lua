-- Copies the records of keys and references in a model's catalog (see indexes/maintenance/declare.lua) to the catalog
-- of the model that its objects move to. The processes that declared them may not have run with the new model.
-- @requires call dynamic_field
-- @provides copy_catalog

-- Returns the record of a key, or of a dynamic field (see lua/library/dynamic_parts.lua), with another prefix.
local function carried(text, prefix, other_prefix)
  local template, sub, inventory = dynamic_field(text)
  if template then
    return table.concat({ carried(template, prefix, other_prefix), sub, carried(inventory, prefix, other_prefix) }, '\0\0')
  end
  return string.sub(text, 1, #prefix) == prefix and other_prefix .. string.sub(text, #prefix + 1) or text
end

local function copy_catalog(meta, prefix, other_meta, other_prefix)
  local records = call('HMGET', meta, ':keys', ':references')
  local other_records = call('HMGET', other_meta, ':keys', ':references')
  local keys = other_records[1] and cmsgpack.unpack(other_records[1]) or {}
  local references = other_records[2] and cmsgpack.unpack(other_records[2]) or {}
  local known = {}
  for each = 1, #keys do
    known[keys[each]] = true
  end
  for _, key in ipairs(records[1] and cmsgpack.unpack(records[1]) or {}) do
    local moved = carried(key, prefix, other_prefix)
    if not known[moved] then
      keys[#keys + 1] = moved
    end
  end
  for label, facts in pairs(records[2] and cmsgpack.unpack(records[2]) or {}) do
    references[label] = references[label] or facts
  end
  if records[1] then
    call('HSET', other_meta, ':keys', cmsgpack.pack(keys))
  end
  if records[2] then
    call('HSET', other_meta, ':references', cmsgpack.pack(references))
  end
end
