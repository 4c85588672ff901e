-- Condition: one of some primary keys.
-- @requires as_set conditions distinct keep_existing keep_in positions_of read_texts
-- @provides conditions.pk

function conditions.pk(at)
  local texts, next_at, more, was_read = read_texts(at + 1)
  local set
  return {
    size = #texts,
    cost = #texts,
    value_count = #texts,
    list = function()
      return keep_existing(distinct(texts))
    end,
    keep = function(pks)
      set = set or as_set(texts)
      return keep_existing(keep_in(set, pks))
    end,
    scan = not was_read and function(cursor, count)
      local done = positions_of(cursor)
      local last = math.min(done + count, #texts)
      local pks = {}
      for number = done + 1, last do
        pks[#pks + 1] = texts[number]
      end
      return keep_existing(pks), last == #texts and not more and '' or 'v' .. last .. ';', last - done
    end or nil,
  },
    next_at
end
