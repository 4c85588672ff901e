-- In statements/lua/create.lua: stores the values of fields of many members, and their entries in equality indexes.
if ARGV[4] ~= $none then
  local next_at, places = $last + 1, { $places }
  for number = 1, #places do
    if string.byte(ARGV[4], number) == 49 then
      local command, first, last = ARGV[next_at], next_at + 2, next_at + 1 + ARGV[next_at + 1]
      at = places[number]
      -- In slices of whole pairs and triples, as HSET and GEOADD take them.
      for from = first, last, 996 do
        reply = call(command, at, unpack(ARGV, from, math.min(from + 995, last)))
        if type(reply) == 'table' and reply.err then failed = reply break end
        gathered[number] = at
      end
      first, last = last + 2, last + 1 + ARGV[last + 1]
      for entry = first, failed and 0 or last do
        at = ARGV[entry]
        reply = call('SADD', at, pk)
        if type(reply) ~= 'number' then failed = reply break end
        if reply == 1 then entered[#entered + 1] = at end
      end
      next_at = last + 1
    end
    if failed then break end
  end
end
if failed then break end
