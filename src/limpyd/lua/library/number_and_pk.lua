-- Splits a member of an index of numbers for fields of many: returns the number and the primary key; nothing if it is
-- not such a member.
-- @provides number_and_pk

local function number_and_pk(member)
  local colon = string.find(member, ':', 1, true)
  if colon then
    return string.sub(member, 1, colon - 1), string.sub(member, colon + 1)
  end
  return nil, nil
end
