-- Index of places: a sorted set of primary keys by place (GEOADD); the entry is `<longitude>,<latitude>`.
-- @requires call index_kinds make_sorted_sets refuse undo_with
-- @provides index_kinds.geo

function index_kinds.geo()
  local kind = { type = 'zset', overwrites = true, remove = make_sorted_sets().take_out }

  function kind.add(key, place, pk)
    local longitude, latitude = string.match(place, '^([^,]+),([^,]+)$')
    if not longitude then
      refuse('unindexable', place, 'it is not a place', key)
    end
    local before = call('ZSCORE', key, pk)
    call('GEOADD', key, longitude, latitude, pk)
    if before then
      undo_with('ZADD', key, before, pk)
    else
      undo_with('ZREM', key, pk)
    end
  end

  function kind.score_of(place)
    -- @defers geohash
    return geohash(place)
  end

  function kind.reason_against(place)
    return not kind.score_of(place) and 'it is not a place' or nil
  end

  return kind
end
