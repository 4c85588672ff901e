-- The form of a text without regard to case. A third result says that only Python can make it.
-- @provides form_casefold

local function form_casefold(value)
  if string.find(value, '[\128-\255]') then
    return nil, 'only Python can fold the case of what is not ASCII', true
  end
  return string.lower(value)
end
