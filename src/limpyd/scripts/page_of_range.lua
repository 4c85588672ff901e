#!lua flags=no-writes
-- Gives the rows of a page of a range of numbers, in their order, which SORT reads faster than a script could.
--
-- KEYS   the index
-- ARGV   the range and the page, and then the columns for SORT:
-- @layout PageOfRange
--    1 low     the lower end of the range, as ZRANGE BYSCORE takes it
--    2 high    the higher end
--    3 offset  the number of objects to pass over
--    4 limit   the most objects to return, 0 for all
--    5 desc    1 if from the largest to the smallest
-- @end
-- Reply  the rows, one after the other
-- @guarded
-- @requires call current_key in_transaction

-- @reads PageOfRange 1
local low, high, offset, limit, desc = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
-- @end
local key = KEYS[1]
offset, limit, desc = tonumber(offset), tonumber(limit), desc == '1'
if offset > 2 ^ 53 then
  return {} -- which is no integer to the server
end
local count = limit > 0 and limit or -1
if (desc and low ~= '-inf') or (not desc and high ~= '+inf') then -- what comes after the range is not to be read
  local size = call('ZCOUNT', key, low, high)
  count = math.min(limit > 0 and limit or size, size - offset)
  if count <= 0 then
    return {}
  end
end

-- The rows; what nothing was read of may be in a key of another type.
local function rows(...)
  local found = call('SORT_RO', key, 'BY', 'nosort', ...)
  for at = 1, #found do
    if not found[at] then
      -- @defers mistyped_in_sort wrong_type
      local arguments = { ... }
      table.insert(arguments, #arguments - #ARGV + 6, 'GET')
      table.insert(arguments, #arguments - #ARGV + 6, '#')
      local mistyped = mistyped_in_sort(call('SORT_RO', key, 'BY', 'nosort', unpack(arguments)), 6)
      if mistyped and in_transaction then
        current_key = mistyped
        error({ err = 'WRONGTYPE' }, 0)
      end
      return mistyped and wrong_type(mistyped) or found
    end
  end
  return found
end

if desc then
  local beyond = string.byte(high) == 40 and string.sub(high, 2) or '(' .. high
  local before = high == '+inf' and 0 or call('ZCOUNT', key, beyond, '+inf')
  return rows('DESC', 'LIMIT', before + offset, count, unpack(ARGV, 6))
end
local beyond = string.byte(low) == 40 and string.sub(low, 2) or '(' .. low
local before = low == '-inf' and 0 or call('ZCOUNT', key, '-inf', beyond)
return rows('LIMIT', before + offset, count, unpack(ARGV, 6))
