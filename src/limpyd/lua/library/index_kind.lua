-- Returns the kind of index of a name (see lua/library/index_kinds.lua).
-- @requires index_kinds
-- @provides index_kind

local made_kinds = {}

local function index_kind(name)
  local kind = made_kinds[name]
  if not kind then
    if string.byte(name) == 33 then
      -- @defers owners_in with_one_owner
      local own_name = string.sub(name, 2)
      kind = with_one_owner(index_kind(own_name), owners_in(own_name).list)
    elseif string.byte(name) == 64 then
      -- @defers with_claims
      kind = with_claims(index_kind(string.sub(name, 2)))
    elseif string.byte(name) == 63 then
      -- @defers constraint_kind
      kind = constraint_kind(string.sub(name, 2))
    else
      -- @choose index_kinds name
      kind = index_kinds[name]()
    end
    kind.name = name
    made_kinds[name] = kind
  end
  return kind
end
