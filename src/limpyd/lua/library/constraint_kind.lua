-- A constraint as a kind of index: it has no entries, and refuses to add values that break it. Its row is among those
-- of the indexes of its field. The kind of the row is `?` and the name of the constraint; the key is the name of the
-- field, a space, and the argument of the constraint.
-- @requires constraints refuse
-- @provides constraint_kind

local function constraint_kind(name)
  if name == 'required' or name == 'max_members' then
    return { add = function() end, remove = function() end } -- lua/library/check_size.lua checks them
  end
  -- @choose constraints name
  local passes = constraints[name]
  return {
    sub_key_in_entry = true,
    add = function(key, _, _, number, value, sub)
      if not passes(string.match(key, '^[^ ]* (.*)$'), value) then
        refuse('constraint', number, key, name, value, sub or false)
      end
    end,
    remove = function() end,
  }
end
