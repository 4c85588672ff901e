#!lua
-- Claims values for partitions, each unless another claim is in the way. No value may be there twice.
--
-- KEYS   1  the clock of this partition
--        2… for each value the claims of its index: a hash from values to records
-- ARGV   1  the milliseconds after which a claim counts as old
--        2… for each value: the value; the number of the partition that is to have it; a new random nonce of eight
--           bytes; and the nonce of the claim that was barred, and is to be made anew, or ''
-- Reply  for each value 'mine' and the time of the claim; or, if another claim is in the way, 'young' or 'old', its
--        partition, its nonce, and the time of the clock, which has ticked
-- @requires claim_parts claim_record

local time = tonumber(redis.call('GET', KEYS[1]) or '0')
local now = redis.call('TIME')
now = now[1] * 1000 + math.floor(now[2] / 1000)
local answers, ticked = {}, false

-- Notes what is in the way of a claim; returns nothing if nothing is.
local function look(number)
  local at = 4 * number - 2
  local found = redis.call('HGET', KEYS[number + 1], ARGV[at])
  local partition, nonce, since = claim_parts(found)
  if not found or nonce == ARGV[at + 2] or nonce == ARGV[at + 3] then -- the first of the two if this is sent again
    return false
  end
  ticked = true
  answers[number] = { now - since > tonumber(ARGV[1]) and 'old' or 'young', partition, nonce }
  return true
end

-- What is in the way comes first: the claims that are made here are then of a later time, so that barring the former
-- does not bar them.
for number = 1, #KEYS - 1 do
  look(number)
end
if ticked then
  time = time + 1
  redis.call('SET', KEYS[1], string.format('%.0f', time))
end
for number = 1, #KEYS - 1 do
  if not answers[number] then
    local at = 4 * number - 2
    redis.call('HSET', KEYS[number + 1], ARGV[at], claim_record(ARGV[at + 1], ARGV[at + 2], now))
    answers[number] = { 'mine' }
  end
  table.insert(answers[number], time)
end
return answers
