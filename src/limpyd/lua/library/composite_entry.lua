-- The entry of an object in a composite index.
--
-- The form of the index lists its fields: for each the prefix of the key, how the value is stored (see
-- lua/library/values.lua), the sub-key and the form of the field, all as netstrings (`<length>:<bytes>`). A colon at
-- the start says that the texts are joined by colons, as limpyd 2 does it. The kind is the kind of the entries, after
-- an `&`.
-- @requires index_kind key_from_template netstring normal_form read_value
-- @provides composite_entry parts_of_composite

local read_parts = {}

local function parts_of_composite(spec)
  if not read_parts[spec] then
    local texts, at = {}, string.byte(spec) == 58 and 2 or 1
    while at <= #spec do
      local colon = string.find(spec, ':', at, true)
      local last = colon + tonumber(string.sub(spec, at, colon - 1))
      texts[#texts + 1] = string.sub(spec, colon + 1, last)
      at = last + 1
    end
    read_parts[spec] = texts
  end
  return read_parts[spec]
end

-- Returns the entry; nil if a field has no value; nil, the value and the reason if a value cannot be indexed.
local function composite_entry(spec, pk, kind)
  local parts, texts = parts_of_composite(spec), {}
  for at = 1, #parts, 4 do
    local value = read_value(parts[at + 1], key_from_template(parts[at], pk), parts[at + 2])
    if not value then
      return nil
    end
    local text, reason = normal_form(parts[at + 3], value)
    if not text then
      return nil, value, reason
    end
    texts[#texts + 1] = text
  end
  local compose = index_kind(string.sub(kind, 2)).compose
  if compose then
    return compose(texts)
  end
  if string.byte(spec) == 58 then
    return table.concat(texts, ':')
  end
  for at = 1, #texts do
    texts[at] = netstring(texts[at])
  end
  return table.concat(texts)
end
