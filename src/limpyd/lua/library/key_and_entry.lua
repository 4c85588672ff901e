-- Returns where the text that an index keeps of a value goes: the key and the entry. What is kept for a sub-key of a hash
-- has an entry, or a sorted set, of its own.
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
