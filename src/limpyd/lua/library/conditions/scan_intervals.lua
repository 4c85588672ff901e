-- Goes through the intervals of a sorted set in parts (see `scan` in lua/library/conditions.lua).
-- @requires call positions_of scan_entries
-- @provides scan_intervals

local function scan_intervals(range, cursor, count, rank_of_interval, command, pk_of)
  local intervals, found, looked = range.intervals, {}, 0
  local several = #intervals > 1 or range.more or string.byte(cursor) == 118
  local done, inner = 0, cursor
  if several then
    done, inner = positions_of(cursor)
  end
  while done < #intervals and looked < count do
    local interval, entries = intervals[done + 1], {}
    if inner == '' and interval.size <= count - looked then
      entries = interval.size > 0 and call(command, range.key, interval.from, interval.to) or entries
    elseif interval.size > 0 then
      local first = rank_of_interval(interval)
      entries, inner = scan_entries(range.key, first, first + interval.size - 1, inner, count - looked)
    else
      inner = ''
    end
    looked = looked + math.max(1, #entries)
    for at = 1, #entries do
      local pk = pk_of and pk_of(entries[at]) or entries[at]
      if not range.repeats or range.is_first(pk, done + 1, entries[at]) then
        found[#found + 1] = pk
      end
    end
    done = inner == '' and done + 1 or done
  end
  if done >= #intervals and not range.more then
    return found, '', looked
  end
  return found, several and 'v' .. done .. ';' .. inner or inner, looked
end
