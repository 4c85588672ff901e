-- Sorts numbers, as far as needed. Sorting numbers is several times as fast as sorting objects by a function that
-- compares them, so all sorting is by numbers.
-- @provides by_ranks

-- The number that `wanted` of some numbers are not above. The list at hand never has many more than these.
local function least(numbers, wanted)
  local some, limit = {}, math.huge
  for at = 1, #numbers do
    if numbers[at] < limit then
      some[#some + 1] = numbers[at]
      if #some == 2 * wanted + 100 then
        table.sort(some)
        limit = some[wanted]
        for extra = #some, wanted + 1, -1 do
          some[extra] = nil
        end
      end
    end
  end
  table.sort(some)
  return some[wanted] or math.huge
end

-- Calls `take` with the objects at some positions in the order of their numbers, from a cursor's number on if there is
-- one: the objects of one number, the number, and whether it is the cursor's. Ends when `take` returns true, and
-- returns whether it did. `wanted` returns how many are still needed.
local function by_ranks(positions, numbers, cursor, wanted, take)
  if cursor then
    local at_cursor, after, numbers_after = {}, {}, {}
    for number = 1, #positions do
      if numbers[number] == cursor then
        at_cursor[#at_cursor + 1] = positions[number]
      elseif numbers[number] > cursor then
        after[#after + 1] = positions[number]
        numbers_after[#after] = numbers[number]
      end
    end
    if #at_cursor > 0 and take(at_cursor, cursor, true) then
      return true
    end
    positions, numbers = after, numbers_after
  end
  local most = wanted() < #numbers / 4 and least(numbers, wanted()) or math.huge
  local different, by_number = {}, {} -- for a single object its position, not a table
  for at = 1, #numbers do
    local number = numbers[at]
    if number <= most then
      local some = by_number[number]
      if not some then
        different[#different + 1] = number
        by_number[number] = positions[at]
      elseif type(some) == 'number' then
        by_number[number] = { some, positions[at] }
      else
        some[#some + 1] = positions[at]
      end
    end
  end
  table.sort(different)
  local single = {}
  for at = 1, #different do
    local some = by_number[different[at]]
    if type(some) == 'number' then
      single[1] = some
      some = single
    end
    if take(some, different[at], false) then
      return true
    end
  end
  return false
end
