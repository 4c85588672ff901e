-- Makes a key from a template and a name, for example the primary key of an object. In limpyd's own layout the name is
-- added at the end; in that of limpyd 2 it replaces a NUL.
-- @provides key_from_template

local function key_from_template(template, name)
  local at = string.find(template, '\0', 1, true)
  if not at then
    return template .. name
  end
  return string.sub(template, 1, at - 1) .. name .. string.sub(template, at + 1)
end
