-- Returns the key and the entry for a text in an index. For a sub-key of a hash, either the entry begins with the
-- sub-key, or the sub-key has a sorted set of its own.
-- @requires key_from_template
-- @provides key_and_entry

local function key_and_entry(kind, key, text, sub)
  if not sub then
    return key, text
  elseif string.find(key, '\0', 1, true) then
    return key_from_template(key, sub), text
  elseif kind.sub_key_in_entry then
    return key, #sub .. ':' .. sub .. ':' .. text
  end
  return key .. ':' .. sub, text
end
