-- Entries in sorted sets, for the kinds of indexes that are sorted sets.
-- @requires call undo_with
-- @provides make_sorted_sets

-- Made on first use: functions are made anew for each script that runs, and few need these.
local function make_sorted_sets()
  local sorted_sets = {}

  -- Sets the score of an object.
  function sorted_sets.set_score(key, score, pk)
    local before = call('ZSCORE', key, pk)
    call('ZADD', key, score, pk)
    if before then
      undo_with('ZADD', key, before, pk)
    else
      undo_with('ZREM', key, pk)
    end
  end

  -- Removes an object, whatever its score.
  function sorted_sets.take_out(key, _, pk)
    local before = call('ZSCORE', key, pk)
    if before then
      call('ZREM', key, pk)
      undo_with('ZADD', key, before, pk)
    end
  end

  -- Returns a kind of index with a member for each entry of an object. If a score is given, all members have it; else
  -- the entry is the score.
  function sorted_sets.of_members(member_of, score)
    return {
      type = 'zset',
      member_of = member_of,
      score_of = score and function()
        return score
      end,
      add = function(key, entry, pk)
        local member = member_of(entry, pk)
        if call('ZADD', key, score or entry, member) == 1 then
          undo_with('ZREM', key, member)
        end
      end,
      remove = function(key, entry, pk)
        local member = member_of(entry, pk)
        if call('ZREM', key, member) == 1 then
          undo_with('ZADD', key, score or entry, member)
        end
      end,
    }
  end

  return sorted_sets
end
