-- The number and the primary key in a member of an index of several numbers of each object; nothing if it is none.
-- @provides number_and_pk

local function number_and_pk(member)
  local colon = string.find(member, ':', 1, true)
  if colon then
    return string.sub(member, 1, colon - 1), string.sub(member, colon + 1)
  end
  return nil, nil
end
