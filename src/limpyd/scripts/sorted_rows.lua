#!lua flags=no-writes
-- Reads values of the objects of one set by SORT. If SORT finds no value, looks for a key of another type.
--
-- KEYS   1  the set
--        2  the set of all primary keys, if the first may hold others, which are left out
-- ARGV   the arguments of SORT for the objects and the columns; the first column is the primary key
-- Reply  the rows, each after its primary key; or the error that names a key of another type (see
--        lua/library/wrong_type.lua)
-- @guarded
-- @requires call current_key in_transaction

local rows = call('SORT_RO', KEYS[1], 'BY', 'nosort', unpack(ARGV))
local columns = ARGV[1] == 'LIMIT' and 6 or 3 -- where those begin that come after the primary key
local width = (#ARGV - columns + 3) / 2

for at = 1, #rows do
  if not rows[at] then
    -- @defers mistyped_in_sort wrong_type
    local mistyped = mistyped_in_sort(rows, columns)
    if mistyped and in_transaction then
      current_key = mistyped
      error({ err = 'WRONGTYPE' }, 0)
    elseif mistyped then
      return wrong_type(mistyped)
    end
    break
  end
end
if not KEYS[2] or call('SINTERCARD', 2, KEYS[1], KEYS[2]) * width == #rows then
  return rows
end

local SLICE = 100 -- how many primary keys are passed on at once (see scripts/find_plain.lua)
local kept, filled -- from the first row on that is left out
for first = 1, #rows, SLICE * width do
  local pks, last = {}, math.min(first + SLICE * width - 1, #rows)
  for row = first, last, width do
    pks[#pks + 1] = rows[row]
  end
  local replies = call('SMISMEMBER', KEYS[2], unpack(pks))
  for number = 1, #replies do
    local row = first + (number - 1) * width
    if replies[number] == 0 and not kept then
      kept, filled = {}, row - 1
      for at = 1, filled do
        kept[at] = rows[at]
      end
    elseif replies[number] == 1 and kept then
      for at = row, row + width - 1 do
        filled = filled + 1
        kept[filled] = rows[at]
      end
    end
  end
end
return kept or rows
