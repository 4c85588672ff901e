-- Condition: a text within one of some intervals.
-- @requires conditions ends_of_text keep_by_value pk_of_text read_range text_within within
-- @provides conditions.lex

local function text_of_entry(entry)
  return (string.gsub(string.sub(entry, 1, -#pk_of_text(entry) - 3), '%z\255', '\0'))
end

function conditions.lex(at)
  local range, next_at = read_range(at)
  for _, interval in ipairs(range.intervals) do
    interval.from, interval.to = ends_of_text(interval)
  end
  within(range, 'ZLEXCOUNT', 'ZRANGEBYLEX', pk_of_text)
  local stored = range.place.stored
  range.repeats = not range.keeps_one or stored == 'set' or stored == 'list' or stored == 'zset'
  keep_by_value(range, text_within, tostring, text_of_entry)
  return range, next_at
end
