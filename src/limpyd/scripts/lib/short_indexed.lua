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
  local changes, removed, added = before ~= value, 0, 0
  local free = type(before) ~= 'table'
  if free and changes and equal then
    removed = before and try('SREM', index .. before, pk) or 0
    added = type(removed) == 'number' and try('SADD', index .. value, pk)
  elseif free and changes then
    local owners = try('HMGET', index, value, before or value)
    free = not owners.err and not owners[1]
    if free then
      removed = before and owners[2] == pk and try('HDEL', index, before) or 0
      added = type(removed) == 'number' and try('HSET', index, value, pk)
    end
  end
  if free and (not changes or added == 1) then
    local reply
    if entry then
      reply = try('HSET', key, sub, value)
    else
      reply = try('SET', key, value)
    end
    if type(reply) ~= 'table' or reply.ok then
      return reply
    end
  end

  local undone, redone = 0, 0
  if added == 1 then
    undone = equal and try('SREM', index .. value, pk) or not equal and try('HDEL', index, value)
  end
  if removed == 1 then
    redone = equal and try('SADD', index .. before, pk) or not equal and try('HSET', index, before, pk)
  end
  if type(undone) == 'table' or type(redone) == 'table' then
    return { 'broken', type(undone) == 'table' and undone.err or redone.err, index, 'none' }
  end
end
