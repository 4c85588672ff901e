-- Condition: membership in one of several sets. For eq with several texts; for eqin, whose objects can also be tested
-- by their values.
-- @requires ONE_VALUE call conditions in_several read_texts scan_set value_positions
-- @provides conditions.eqin in_several_sets

local function in_several_sets(prefix, texts, more, was_read, place)
  local keys = {}
  for number = 1, #texts do
    keys[number] = prefix .. texts[number]
  end
  return in_several({
    keys = keys,
    card = 'SCARD',
    ask = 'SMISMEMBER',
    union = function(first, last)
      return call('SUNION', unpack(keys, first, last))
    end,
    scan = scan_set,
    more = more,
    was_read = was_read,
    repeats = not place or not ONE_VALUE[place.stored],
    position_of = place and value_positions(place, texts),
  })
end

function conditions.eqin(at)
  local place = { prefix = ARGV[at + 1], stored = ARGV[at + 2], sub = ARGV[at + 3], form = ARGV[at + 4] }
  local texts, next_at, more, was_read = read_texts(at + 5)
  return in_several_sets(ARGV[at], texts, more, was_read, not was_read and place), next_at
end
