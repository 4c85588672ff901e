-- Index of places, for a field of many: a sorted set of `<geohash>:<primary key>`; the entry is the geohash, and the
-- score.
-- @requires index_kinds make_sorted_sets number_and_pk
-- @provides index_kinds.geos

function index_kinds.geos()
  local kind = make_sorted_sets().of_members(function(entry, pk)
    return entry .. ':' .. pk
  end)
  kind.split = number_and_pk
  kind.of_scores = true
  return kind
end
