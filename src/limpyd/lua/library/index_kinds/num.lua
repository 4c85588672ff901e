-- Index of numbers: a sorted set of primary keys; the entry is the score.
-- @requires call current_key index_kinds make_sorted_sets undo_with
-- @provides index_kinds.num

function index_kinds.num()
  local sorted_sets = make_sorted_sets()
  return {
    type = 'zset',
    overwrites = true,
    batch = { 'ZADD', 'ZREM', 2 },
    add = sorted_sets.set_score,
    remove = sorted_sets.take_out,
    replace = function(key, before, entry, pk)
      current_key = key
      if call('ZADD', key, entry, pk) == 0 then
        undo_with('ZADD', key, before, pk)
      else
        undo_with('ZREM', key, pk)
      end
    end,
  }
end
