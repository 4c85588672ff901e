-- Entries of indexes that are sorted sets; see library/add_entry for the kinds.
-- @requires call refuse subject_key undo_with
-- @provides make_sorted_entries sorted_entries

-- Made when they are first needed: functions are made anew for each script that runs.
local function make_sorted_entries()
  -- Returns the member for an object and one of its entries; no entry can look like the end of another.
  local function member_of(kind, entry, pk)
    if kind == 'lex' then
      return string.gsub(entry, '%z', '\0\255') .. '\0\0' .. pk
    elseif kind == 'sep' then
      return entry .. ':TEXT-RANGE-SEPARATOR:' .. pk
    end
    return entry .. ':' .. pk
  end

  local function set_score(key, score, pk)
    local before = call('ZSCORE', key, pk)
    call('ZADD', key, score, pk)
    if before then
      undo_with('ZADD', key, before, pk)
    else
      undo_with('ZREM', key, pk)
    end
  end

  local function set_place(key, place, pk)
    local longitude, latitude = string.match(place, '^([^,]+),([^,]+)$')
    if not longitude then
      refuse('unindexable', place, 'it is no place', key)
    end
    local before = call('ZSCORE', key, pk)
    call('GEOADD', key, longitude, latitude, pk)
    if before then
      undo_with('ZADD', key, before, pk)
    else
      undo_with('ZREM', key, pk)
    end
  end

  local function take_out(key, pk)
    local before = call('ZSCORE', key, pk)
    if before then
      call('ZREM', key, pk)
      undo_with('ZADD', key, before, pk)
    end
  end

  local sorted_entries = { member_of = member_of }

  function sorted_entries.add(kind, key, entry, pk)
    if kind == 'num' then
      set_score(key, entry, pk)
    elseif kind == 'geo' then
      set_place(key, entry, pk)
    elseif kind == 'scored' then
      local score, ending = string.match(entry, '^([^:]*):(.*)$')
      subject_key = key .. ending
      set_score(subject_key, score, pk)
    else
      local member = member_of(kind, entry, pk)
      if call('ZADD', key, (kind == 'lex' or kind == 'sep') and 0 or entry, member) == 1 then
        undo_with('ZREM', key, member)
      end
    end
  end

  function sorted_entries.remove(kind, key, entry, pk)
    if kind == 'num' or kind == 'geo' then
      take_out(key, pk)
    elseif kind == 'scored' then
      subject_key = key .. string.match(entry, '^[^:]*:(.*)$')
      take_out(subject_key, pk)
    else
      local member = member_of(kind, entry, pk)
      if call('ZREM', key, member) == 1 then
        undo_with('ZADD', key, (kind == 'lex' or kind == 'sep') and 0 or entry, member)
      end
    end
  end

  return sorted_entries
end

local sorted_entries = false
