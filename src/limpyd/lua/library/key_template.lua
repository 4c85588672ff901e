-- The key of an object, or what else a name makes a key of: in limpyd's own layout the name is put at the end of what
-- keys begin with; in that of limpyd 2 it takes the place of a NUL.
-- @provides key_from_template

local function key_from_template(template, name)
  local at = string.find(template, '\0', 1, true)
  if not at then
    return template .. name
  end
  return string.sub(template, 1, at - 1) .. name .. string.sub(template, at + 1)
end
