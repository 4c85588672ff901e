-- Condition: a number within one of some intervals, for a field of many values.
-- @requires conditions keep_by_value number_ends number_within pk_of_number read_range within
-- @provides conditions.nums

function conditions.nums(at)
  local range, next_at = read_range(at)
  number_ends(range.intervals)
  within(range, 'ZCOUNT', 'ZRANGEBYSCORE', pk_of_number)
  range.repeats = true -- an object has as many entries as values
  keep_by_value(range, number_within, tonumber, function(entry)
    return tonumber(string.match(entry, '^[^:]*'))
  end)
  return range, next_at
end
