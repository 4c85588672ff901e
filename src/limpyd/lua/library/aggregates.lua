-- Totals and counts of the values of objects.
-- @requires digits_of no_number values_in
-- @provides make_aggregates sum_of tally_of values_of_all

local sum_of, tally_of, values_of_all

local function make_aggregates()
  -- The exact sum of the numbers among some texts: groups of seven digits are added separately, and the caller joins
  -- them. Numbers with an exponent are added as doubles. Returns the number of numbers, the sum of those doubles, and
  -- for each group its position (0 for the seven digits before the point, -1 for those after it) and its sum.
  function sum_of(texts, column, pks)
    local parts, loose, count = {}, 0, 0
    local function add(place, digits, negative)
      parts[place] = (parts[place] or 0) + (negative and -tonumber(digits) or tonumber(digits))
    end
    for at = 1, #texts do
      local negative, whole, fraction = digits_of(texts[at])
      if whole then
        local place = 0
        while whole ~= '' do
          add(place, string.sub(whole, -7), negative)
          whole, place = string.sub(whole, 1, -8), place + 1
        end
        place = -1
        while fraction ~= '' do
          add(place, string.sub(fraction .. '000000', 1, 7), negative)
          fraction, place = string.sub(fraction, 8), place - 1
        end
      else
        local number = tonumber(texts[at])
        if not number then
          for number = 1, #pks do
            for _, text in ipairs(values_in(column, pks[number])) do
              if text == texts[at] then
                no_number(text, pks[number], column)
              end
            end
          end
        end
        loose = loose + number
      end
      count = count + 1
    end
    local reply = { count, string.format('%.17g', loose) }
    for place, sum in pairs(parts) do
      reply[#reply + 1] = place
      reply[#reply + 1] = string.format('%.0f', sum)
    end
    return reply
  end

  -- Returns each value and its number of occurrences.
  function tally_of(texts)
    local counts, reply = {}, {}
    for at = 1, #texts do
      counts[texts[at]] = (counts[texts[at]] or 0) + 1
    end
    for text, count in pairs(counts) do
      reply[#reply + 1] = text
      reply[#reply + 1] = count
    end
    return reply
  end

  -- Returns all values of some objects in a column.
  function values_of_all(pks, column)
    local texts = {}
    for at = 1, #pks do
      local values = column.stored == 'pk' and { pks[at] } or values_in(column, pks[at])
      for each = 1, #values do
        texts[#texts + 1] = values[each]
      end
    end
    return texts
  end
end
