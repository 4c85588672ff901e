-- In the layout of limpyd 2 keys of one index may look like those of another one of the field: these tell them apart.

-- Whether a value has not the key of another index, or what those begin with: that is told in hexadecimal digits.
local function is_apart(value, code)
  local other = string.gsub(code, '..', function(digits)
    return string.char(tonumber(digits, 16))
  end)
  if string.byte(other, -1) == 58 then
    return string.sub(value, 1, #other) ~= other
  end
  return value ~= other
end

-- Whether a key is what a name makes of a template (see lib/placed); something follows those that end in a colon. One of
-- a dynamic field is of what lib/parts makes of its template, which is to be included before where that is asked.
local function is_made_of(template, key)
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
