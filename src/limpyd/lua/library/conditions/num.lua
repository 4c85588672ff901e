-- Condition: a number within one of some intervals.
-- @requires ask_for conditions number_ends number_within points_of read_intervals within
-- @provides conditions.num

function conditions.num(at)
  local key = ARGV[at]
  local range, next_at = read_intervals(at + 1)
  local intervals = range.intervals
  range.key = key
  number_ends(intervals)
  within(range, 'ZCOUNT', 'ZRANGEBYSCORE')
  function range.keep(pks)
    local scores, kept = ask_for('ZMSCORE', key, pks), {}
    local points = points_of(range, tonumber)
    local interval = intervals[1]
    for at = 1, interval and #scores or 0 do
      local number = scores[at] and tonumber(scores[at])
      if number and (points and points[number] or not points and number_within(interval, number)) then
        kept[#kept + 1] = pks[at]
      end
    end
    return kept
  end
  return range, next_at
end
