-- Puts objects in order by the values of fields.
--
-- What ARGV says: a count of keys, and of each: where the value is (prefix, stored, sub-key; stored may also be
-- `pk`, the primary key itself, `score`, that in the sorted set whose name is the prefix, or `list`, the position in the stored
-- collection that is so named), as what it is compared (`number` or `text`), '1' if from the largest to the smallest, where what has
-- no value comes (`last`, `first`, or `nowhere`), the index that is in this order, or '', and the counter of the primary keys if
-- the server gives them, or ''.
--
-- Of equal values the primary keys decide, by their bytes, in the direction of the
-- last key.
-- @provides make_sorting read_sort_keys sorting

local function read_sort_keys(at)
  local keys, count = {}, tonumber(ARGV[at])
  at = at + 1
  for number = 1, count do
    keys[number] = {
      prefix = ARGV[at],
      stored = ARGV[at + 1],
      sub = ARGV[at + 2],
      numeric = ARGV[at + 3] == 'number',
      down = ARGV[at + 4] == '1',
      missing_first = ARGV[at + 5] == 'first',
      left_out = ARGV[at + 5] == 'nowhere',
      index = ARGV[at + 6] ~= '' and ARGV[at + 6] or nil,
      counter = ARGV[at + 7],
    }
    at = at + 8
  end
  return keys, at
end

-- Made when it is first needed: functions are made anew for each script that runs.
local function make_sorting()
  -- @defers sorted values_of way_of
  return { sorted = sorted, values_of = values_of, way_of = way_of }
end

local sorting = false
