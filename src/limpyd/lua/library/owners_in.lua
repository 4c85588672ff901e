-- Returns the finder of owners for a kind of index (see lua/library/index_owners.lua).
-- @requires index_owners
-- @provides owners_in

local made_owners = {}

local function owners_in(kind)
  kind = string.match(kind, '^@?(.*)$') -- values that are unique over partitions have their owners here, too
  local owners = made_owners[kind]
  if not owners then
    -- @choose index_owners kind
    owners = index_owners[kind]()
    made_owners[kind] = owners
  end
  return owners
end
