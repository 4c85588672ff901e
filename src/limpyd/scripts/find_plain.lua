#!lua flags=no-writes
-- Answers the plainest queries, which are those most often asked: who is in some sets, and within some ranges of
-- numbers. scripts/find.lua would answer them too; this one makes no functions and few tables.
--
-- KEYS   the set of primary keys
-- ARGV   the query:
-- @layout PlainQuery
--    1 wanted   `pks`, `rows`, `named` (rows, each after its primary key) or `count`
--    2 sets     the sets that must all have the objects: a count, and those
--      ranges   the ranges that must all have them: a count, and for each
--          key   the key of an index
--          low   the lower end of the range, as ZRANGE BYSCORE takes it
--          high  the higher end
--      columns  for rows, the prefix of the hashes and the sub-keys to read: a count, and those
-- @end
-- Reply  the primary keys, the rows one after the other, or how many there are
-- @guarded
-- @requires call current_key in_transaction try

local SLICE = 100 -- how many primary keys are passed on at once: more take longer, since they fill the processor's cache
-- @reads PlainQuery 1
local wanted = ARGV[1]
local last_set = 2 + ARGV[2]
local first_range, last_range = last_set + 2, last_set + 1 + 3 * ARGV[last_set + 1]
local first_column, last_column = last_range + 2, last_range + 1 + ARGV[last_range + 1]
-- @end

-- What the fewest objects meet comes first. The server intersects sets several times as fast as a script looks at
-- what it found, so that what they have in common counts as a quarter of the smallest of them.
local driver, fewest
if last_set > 2 then
  fewest = call('SCARD', ARGV[3])
  if last_set > 3 then
    local everything = math.max(call('SCARD', KEYS[1]), 1)
    local smallest, expected = fewest, fewest
    for at = 4, last_set do
      local size = call('SCARD', ARGV[at])
      smallest = math.min(smallest, size)
      expected = expected * size / everything
    end
    fewest = math.max(expected, smallest / 4)
  end
end
for at = first_range, last_range, 3 do
  local size = call('ZCOUNT', ARGV[at], ARGV[at + 1], ARGV[at + 2])
  if not fewest or size < fewest then
    driver, fewest = at, size
  end
end

local pks
if driver then
  pks = call('ZRANGEBYSCORE', ARGV[driver], ARGV[driver + 1], ARGV[driver + 2])
elseif last_set == 3 then
  pks = call('SMEMBERS', ARGV[3])
else
  pks = call('SINTER', unpack(ARGV, 3, last_set))
end

-- The loops below run for each object that is looked at, so they do nothing that they need not.
local only_counted = wanted == 'count' and last_range - first_range < 3
for at = 3, driver and last_set or 2 do
  local kept, found = {}, 0
  for first = 1, #pks, SLICE do
    local replies = call('SMISMEMBER', ARGV[at], unpack(pks, first, math.min(first + SLICE - 1, #pks)))
    if only_counted and at == last_set then
      for number = 1, #replies do
        found = found + replies[number]
      end
    else
      for number = 1, #replies do
        if replies[number] == 1 then
          found = found + 1
          kept[found] = pks[first + number - 1]
        end
      end
    end
  end
  if only_counted and at == last_set then
    return found
  end
  pks = kept
end
for at = first_range, last_range, 3 do
  if at ~= driver then
    local low, high = ARGV[at + 1], ARGV[at + 2]
    local above, below = string.byte(low) == 40, string.byte(high) == 40 -- a round bracket leaves an end out
    local least, most = tonumber(above and string.sub(low, 2) or low), tonumber(below and string.sub(high, 2) or high)
    local kept, found = {}, 0
    for first = 1, #pks, SLICE do
      local scores = call('ZMSCORE', ARGV[at], unpack(pks, first, math.min(first + SLICE - 1, #pks)))
      for number = 1, #scores do
        local score = scores[number]
        score = score and score + 0 -- which is faster than tonumber
        if score and score >= least and score <= most and not (above and score == least or below and score == most) then
          found = found + 1
          kept[found] = pks[first + number - 1]
        end
      end
    end
    pks = kept
  end
end

if wanted == 'count' then
  return #pks
elseif wanted == 'pks' then
  return pks
end
local prefix, rows, filled, named = ARGV[first_column], {}, 0, wanted == 'named'
for at = 1, #pks do
  local key = prefix .. pks[at]
  local values = try('HMGET', key, unpack(ARGV, first_column + 1, last_column))
  if values.err and in_transaction then
    current_key = key
    error(values, 0)
  elseif values.err then
    -- @defers wrong_type
    return wrong_type(key)
  end
  if named then
    filled = filled + 1
    rows[filled] = pks[at]
  end
  for number = 1, #values do
    filled = filled + 1
    rows[filled] = values[number]
  end
end
return rows
