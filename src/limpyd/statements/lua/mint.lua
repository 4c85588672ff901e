-- The next automatic primary key. A number in use is passed over, so that a lost counter gives no key twice; the first of
-- them moves the counter on to the number of objects, since most below that will be in use too.
at = KEYS[4]
counted = call('INCR', at)
if type(counted) ~= 'number' then failed = counted break end
pk = counted < 2 ^ 53 and string.format('%.0f', counted) or call('GET', at) -- beyond that Lua rounds
if type(pk) == 'table' then failed = pk break end
at = KEYS[1]
reply = call('SADD', at, pk)
if reply == 0 then
  moved_from = pk
  local objects = call('SCARD', at)
  at = KEYS[4]
  reply = objects
  if type(objects) == 'number' then
    reply = objects > counted and call('SET', at, objects) or 0
  end
  while reply == 0 or type(reply) == 'table' and reply.ok do
    at = KEYS[4]
    local number = call('INCR', at)
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
