-- What has to follow the change of a value: the rows in ARGV from one position to another. Those that list it in the
-- inventory of a dynamic field (`inv`) come first, then its constraints, whose kinds begin with `?`, beginning with
-- those of the number of its members; then its indexes.
-- @provides counts_members has_index is_followed

local function has_index(first_index, last_index)
  local kind = last_index > first_index and ARGV[last_index - 2]
  return kind and kind ~= 'inv' and string.byte(kind) ~= 63
end

-- Returns whether an index or a constraint needs to know what has changed.
local function is_followed(first_index, last_index)
  return last_index > first_index and (ARGV[first_index] ~= 'inv' or last_index > first_index + 2)
end

-- Returns whether the number of members has a constraint.
local function counts_members(first_index, last_index)
  local kind = last_index > first_index and (ARGV[first_index] == 'inv' and ARGV[first_index + 3] or ARGV[first_index])
  return kind == '?required' or kind == '?max_members'
end
