-- Dynamic fields. Each part makes a version of one, with a key or a sub-key of its own; the inventory of an object is
-- the set of the parts that it has a version for.
--
-- The keys of all versions have one template, in which a mark stands for the part (see keys/templates.py). In ARGV a
-- dynamic field is its family, where another field has the prefix of its keys. A family is three texts: the template of
-- these prefixes; the template of the sub-keys, or ''; the prefix of the inventories.
-- @requires call key_from_template
-- @provides dynamic_field each_version inventory_of is_template part_in template_filler version_locator with_part

-- Returns the texts before and after the part in a template, and whether the part's length stands before it; nothing if
-- the text is no template.
local function around_part(template)
  local at = string.find(template, '\0n\1', 1, true)
  local counted = at ~= nil
  at = at or string.find(template, '\0v\1', 1, true)
  if at then
    return string.sub(template, 1, at - 1), string.sub(template, at + 3), counted
  end
end

-- Returns the function that makes keys of a template for parts.
local function template_filler(template)
  local before, after, counted = around_part(template)
  if not before then
    return function()
      return template
    end
  end
  return function(part)
    return before .. (counted and #part .. ':' or '') .. part .. after
  end
end

local function with_part(template, part)
  return template_filler(template)(part)
end

-- Returns the part of a key that is made from a template; nothing if the key is not.
local function part_in(template, key)
  local at = string.find(template, '\0n\1', 1, true)
  if at then
    local length = string.sub(key, 1, at - 1) == string.sub(template, 1, at - 1) and string.match(key, '^(%d+):', at)
    local first = length and at + #length + 1
    local part = length and string.sub(key, first, first + length - 1)
    return part and #part == tonumber(length) and part or nil
  end
  -- In the layout of limpyd 2 no part holds a colon.
  at = string.find(template, '\0v\1', 1, true)
  local ending = string.match(string.sub(template, at + 3), '^[^:]*')
  local last = (string.find(key, ':', at, true) or #key + 1) - 1
  local part = string.sub(key, at, last - #ending)
  local fits = part ~= '' and string.sub(key, 1, last) == string.sub(template, 1, at - 1) .. part .. ending
  return fits and part or nil
end

-- Returns whether a text is a template.
local function is_template(text)
  return string.find(text, '\0n\1', 1, true) or string.find(text, '\0v\1', 1, true)
end

-- Returns the three texts of a dynamic field's family; nothing if the prefix is that of another field.
local function dynamic_field(prefix)
  local first = string.find(prefix, '\0\0', 1, true)
  if not first then
    return nil
  end
  local second = string.find(prefix, '\0\0', first + 2, true)
  return string.sub(prefix, 1, first - 1), string.sub(prefix, first + 2, second - 1), string.sub(prefix, second + 2)
end

-- The key of an object's inventory of a dynamic field.
local function inventory_of(prefix, pk)
  local _, _, inventory = dynamic_field(prefix)
  return key_from_template(inventory, pk)
end

-- Returns the function that gives the key of the version of a part, and its sub-key or ''.
local function version_locator(prefix, pk)
  local template, sub_template = dynamic_field(prefix)
  local before, after, counted = around_part(template)
  if not before then -- the versions are in the hash of the object
    local key, fill = key_from_template(template, pk), template_filler(sub_template)
    return function(part)
      return key, fill(part)
    end
  elseif string.find(before, '\0', 1, true) then
    before = key_from_template(before, pk)
  else
    after = key_from_template(after, pk)
  end
  return function(part)
    return before .. (counted and #part .. ':' or '') .. part .. after, ''
  end
end

-- Calls `found(key, sub-key or '', part)` for each version of a dynamic field in an object's inventory.
local function each_version(prefix, pk, found)
  local parts, place = call('SMEMBERS', inventory_of(prefix, pk)), version_locator(prefix, pk)
  for at = 1, #parts do
    local key, sub = place(parts[at])
    found(key, sub, parts[at])
  end
end
