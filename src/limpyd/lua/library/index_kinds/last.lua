-- Check of an indexed hash by sub-key: no value may expire. Nothing is kept.
-- @requires index_kinds
-- @provides index_kinds.last

function index_kinds.last()
  return { must_last = true }
end
