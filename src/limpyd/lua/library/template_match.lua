-- Matches keys with templates.
-- @requires is_template part_in with_part
-- @provides matches_template

-- Returns whether a key is made from a template (see lua/library/key_from_template.lua). A template that ends in a colon
-- needs something after it. For dynamic fields see lua/library/dynamic_parts.lua.
local function matches_template(template, key)
  if string.find(template, '[nv]\1') and is_template(template) then
    local part = part_in(template, key)
    template = part and with_part(template, part)
    if not part then
      return false
    elseif not string.find(template, '\0', 1, true) and string.byte(template, -1) ~= 58 then
      return key == template or string.sub(key, 1, #template + 1) == template .. ':'
    end
  end
  local at = string.find(template, '\0', 1, true)
  local beginning = at and string.sub(template, 1, at - 1) or template
  if string.sub(key, 1, #beginning) ~= beginning then
    return false
  end
  local ending = at and string.sub(template, at + 1) or ''
  return string.byte(ending, -1) == 58 or string.sub(key, #key - #ending + 1) == ending
end
