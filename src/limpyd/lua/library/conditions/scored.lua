-- Condition: membership in one sorted set, or in one of several.
-- @requires call conditions in_several read_texts scan_entries
-- @provides conditions.scored

function conditions.scored(at)
  local prefix, keys, next_at, more, was_read = ARGV[at], read_texts(at + 1)
  for number = 1, #keys do
    keys[number] = prefix .. keys[number]
  end
  local condition = in_several({
    keys = keys,
    card = 'ZCARD',
    ask = 'ZMSCORE',
    union = function(first, last)
      return call('ZUNION', last - first + 1, unpack(keys, first, last))
    end,
    scan = function(key, cursor, count)
      return scan_entries(key, 0, call('ZCARD', key) - 1, cursor, count)
    end,
    more = more,
    was_read = was_read,
  })
  if #keys == 1 then
    condition.walk = { key = keys[1] }
    function condition.ranks()
      return 0
    end
  end
  return condition, next_at
end
