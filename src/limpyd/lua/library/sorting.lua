-- Sorts objects by the values of fields.
--
-- In ARGV is a count of sort keys, and for each:
--   prefix, stored, sub   the value; stored may also be `pk`, the primary key; `score`, the score in the sorted set whose
--                         name is the prefix; `list`, the position in the stored collection of that name; `related`, a
--                         reference (see lua/library/referred.lua); or a command that counts the members of a key
--   order                 the comparison: `number` or `text`
--   desc                  '1' if from the largest to the smallest
--   missing               the position of objects without a value: `last`, `first` or `nowhere`
--   index_key             the index that is in this order, or ''
--   counter               the last automatic primary key, if the server gives them, or ''
-- and after a reference the place of the value.
--
-- Objects with equal values are in the order of their primary keys, by bytes, in the direction of the last sort key.
-- @requires read_path
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
    at = read_path(keys[number], at + 8)
  end
  return keys, at
end

-- Made on first use: functions are made anew for each script that runs.
local function make_sorting()
  -- @defers sorted values_of way_of
  return { sorted = sorted, values_of = values_of, way_of = way_of }
end

local sorting = false
