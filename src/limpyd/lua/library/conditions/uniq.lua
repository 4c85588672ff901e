-- Condition: ownership of one of the values in a hash.
-- @requires SLICE as_set call conditions distinct keep_in positions_of read_texts
-- @provides conditions.uniq

function conditions.uniq(at)
  local key, several = ARGV[at], ARGV[at + 1] == '1'
  local texts, next_at, more, was_read = read_texts(at + 2)

  local function owners(from, to)
    local found = {}
    for first = from, to, SLICE do
      local some = call('HMGET', key, unpack(texts, first, math.min(first + SLICE - 1, to)))
      for number = 1, #some do
        found[#found + 1] = some[number] or nil
      end
    end
    return distinct(found)
  end
  local all
  local function list()
    all = all or owners(1, #texts)
    return all
  end
  local set
  return {
    size = #texts,
    cost = #texts,
    value_count = #texts,
    list = list,
    keep = function(pks)
      set = set or as_set(list())
      return keep_in(set, pks)
    end,
    scan = not was_read and function(cursor, count)
      local done = positions_of(cursor)
      local last = math.min(done + count, #texts)
      local pks = owners(done + 1, last)
      if several and done > 0 then
        local before, new = as_set(owners(1, done)), {}
        for number = 1, #pks do
          new[#new + 1] = not before[pks[number]] and pks[number] or nil
        end
        pks = new
      end
      return pks, last == #texts and not more and '' or 'v' .. last .. ';', last - done
    end or nil,
  },
    next_at
end
