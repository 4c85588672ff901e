-- Returns what finds the owners of a text in an index of a kind, given by its name (see lua/library/index_owners.lua).
-- @requires index_owners
-- @provides owners_in

local made_owners = {}

local function owners_in(kind)
  local owners = made_owners[kind]
  if not owners then
    -- @choose index_owners kind
    owners = index_owners[kind]()
    made_owners[kind] = owners
  end
  return owners
end
