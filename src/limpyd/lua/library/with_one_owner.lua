-- A kind of index in which only one object may have an entry, while its keys could hold several: limpyd 2 keeps unique
-- fields like this.
-- @requires call pk_set refuse
-- @provides with_one_owner

local function with_one_owner(kind, owners)
  local add, remove = kind.add, kind.remove
  return setmetatable({
    one_owner = true,
    batch = false,
    looks_at_owners = true,
    add = function(key, entry, pk, number, value, sub)
      for _, owner in ipairs(owners(key, entry)) do
        if owner ~= pk and call('SISMEMBER', pk_set, owner) == 1 then
          refuse('unique', number, value, owner, sub)
        elseif owner ~= pk then
          remove(key, entry, owner)
        end
      end
      add(key, entry, pk)
    end,
  }, { __index = kind })
end
