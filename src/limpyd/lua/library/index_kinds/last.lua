-- Check of a value by key, none of which may expire; nothing is kept.
-- @requires index_kinds
-- @provides index_kinds.last

function index_kinds.last()
  return { must_last = true }
end
