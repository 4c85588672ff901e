-- Mints the next automatic primary key. A counter that was lost, or is too low, continues from the highest primary key
-- (see lua/library/mint.lua).
at = KEYS[4]
counted = $count
if type(counted) ~= 'number' then failed = counted break end
pk = counted < 2 ^ 53 and string.format('%.0f', counted) or call('GET', at) -- beyond that Lua rounds
if type(pk) == 'table' then failed = pk break end
at = KEYS[1]
reply = counted == $first and call('SCARD', at) or 0
reply = reply == 0 and call('SADD', at, pk) or type(reply) == 'table' and reply or 0
if reply == 0 then
  moved_from = pk
  local highest = call('SORT_RO', at, 'DESC', 'LIMIT', 0, 1)[1]
  if not (highest and string.match(highest, '^%d+$') and #highest <= 18) then
    highest = call('SCARD', at)
  end
  at = KEYS[4]
  reply = highest
  if type(highest) ~= 'table' then
    reply = tonumber(highest) > counted and call('SET', at, highest) or 0
  end
  while reply == 0 or type(reply) == 'table' and reply.ok do
    at = KEYS[4]
    local number = $count
    if type(number) == 'number' then
      pk = number < 2 ^ 53 and string.format('%.0f', number) or call('GET', at)
      reply = pk
      if type(pk) ~= 'table' then
        at = KEYS[1]
        reply = call('SADD', at, pk)
      end
    else
      reply = number
    end
  end
end
if reply ~= 1 then failed = reply break end
listed = true
