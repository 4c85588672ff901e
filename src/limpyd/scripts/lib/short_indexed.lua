-- A new value, known beforehand, of a field of one value with one index of texts (eq or uniq, see lib/add_entry). ARGV is
-- that of write.lua: the primary key, one HSET or SET of lib/steps.

if
  not goes_on
  and not KEYS[2]
  and not string.find(ARGV[2], '\0', 1, true) -- the layout of limpyd 2 goes the long way
  and ARGV[5] == '1'
  and ARGV[7] == 'text'
  and (ARGV[6] == 'eq' or ARGV[6] == 'uniq')
  and (ARGV[9] == 'HSET' and #ARGV == 12 or ARGV[9] == 'SET' and #ARGV == 11)
  and try('SISMEMBER', KEYS[1], ARGV[1]) == 1
then
  local pk, sub, index, value = ARGV[1], ARGV[4], ARGV[8], ARGV[#ARGV]
  local key, entry, equal = ARGV[2] .. pk, ARGV[9] == 'HSET', ARGV[6] == 'eq'
  local before
  if entry then
    before = try('HGET', key, sub)
  else
    before = try('GET', key)
  end
  local changes, owners = before ~= value, false
  local free = type(before) ~= 'table'
  if free and changes and not equal then
    owners = try('HMGET', index, value, before or value)
    free = not owners.err and not owners[1]
  end
  -- In the order of the long way: what an account may not do is refused before it would have to take back by it.
  local stored, reply, removed, added = false, false, 0, 1
  if free then
    reply = entry and try('HSET', key, sub, value) or not entry and try('SET', key, value)
    stored = type(reply) ~= 'table' or reply.ok
  end
  if stored and changes then
    if before and equal then
      removed = try('SREM', index .. before, pk)
    elseif before and owners[2] == pk then
      removed = try('HDEL', index, before)
    end
    added = type(removed) == 'number' and (equal and try('SADD', index .. value, pk) or not equal and try('HSETNX', index, value, pk))
  end
  if stored and added == 1 then
    return reply
  end

  local put_back, restored = 0, 0
  if removed == 1 then
    put_back = equal and try('SADD', index .. before, pk) or not equal and try('HSET', index, before, pk)
  end
  if stored and entry then
    restored = before and try('HSET', key, sub, before) or not before and try('HDEL', key, sub)
  elseif stored then
    restored = before and try('SET', key, before, 'KEEPTTL') or not before and try('DEL', key)
  end
  if type(put_back) == 'table' then
    return { 'broken', (equal and 'SADD: ' or 'HSET: ') .. put_back.err, index, 'none' }
  elseif type(restored) == 'table' and restored.err then
    return { 'broken', restored.err, key, 'none' }
  end
end
