-- Index of numbers, for a field of many: a sorted set of `<entry>:<primary key>`; the entry is the score.
-- @requires index_kinds make_sorted_sets number_and_pk
-- @provides index_kinds.nums

function index_kinds.nums()
  local kind = make_sorted_sets().of_members(function(entry, pk)
    return entry .. ':' .. pk
  end)
  kind.split = number_and_pk
  kind.of_numbers = true
  return kind
end
