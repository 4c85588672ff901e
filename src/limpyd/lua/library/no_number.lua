-- The error of a reading script for a value that is no number, and was to be compared or added as one.
-- @requires in_hex key_from_template referred
-- @provides no_number

local function no_number(text, pk, place)
  place, pk = referred(place, pk)
  local key = place.stored == 'pk' and '' or key_from_template(place.prefix, pk)
  local facts = { key, place.stored == 'entry' and place.sub or '', pk, text }
  for at = 1, #facts do
    facts[at] = in_hex(facts[at]) .. '.'
  end
  error({ err = 'ERR limpyd number ' .. table.concat(facts, ' ') })
end
