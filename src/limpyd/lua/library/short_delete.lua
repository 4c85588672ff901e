-- An object whose indexed fields are in its hash, with indexes of texts or numbers (eq, uniq or num, see library/add_entry).
-- ARGV is that of delete.lua.
-- @requires try

local last_prefix = 3 + ARGV[3]
local short = ARGV[last_prefix + 1] == '0' -- no indexes of several fields
short = short and not string.find(ARGV[4], '\0', 1, true) -- the layout of limpyd 2 goes the long way
short = short and not string.find(ARGV[last_prefix], '\0', 1, true) -- and so do dynamic fields, which come last
local last_sub = short and last_prefix + 2 + ARGV[last_prefix + 2]
local last_index = last_sub
short = short and last_sub - last_prefix <= 1000
for _ = last_prefix + 3, short and last_sub or 0 do
  local first = last_index + 2
  last_index = last_index + 1 + 3 * ARGV[last_index + 1]
  for index = first, last_index, 3 do
    local kind = ARGV[index]
    short = short and (kind == 'num' or ARGV[index + 1] == 'text' and (kind == 'eq' or kind == 'uniq'))
  end
end
short = short and last_index == #ARGV
local recorded = short and try('HMGET', ARGV[2], ':keys', ':references') -- see library/records
short = short and not recorded.err and recorded[1] and not recorded[2] and #cmsgpack.unpack(recorded[1]) == last_prefix - 3

if short and try('SREM', KEYS[1], ARGV[1]) == 1 then
  local pk = ARGV[1]
  local hash, held, free, removed = ARGV[4] .. pk, {}, true, { 'SADD', KEYS[1], pk, false }
  if last_sub > last_prefix + 2 then
    held = try('HMGET', hash, unpack(ARGV, last_prefix + 3, last_sub))
    free = not held.err
  end
  local at = last_sub + 1
  for number = 1, free and #held or 0 do
    local value, first = held[number], at + 1
    at = first + 3 * ARGV[at]
    for index = first, value and at - 1 or 0, 3 do
      local kind, key, reply, undo, undo_first, undo_second = ARGV[index], ARGV[index + 2], 0, false, pk, false
      if kind == 'eq' then
        key = key .. value
        reply, undo = try('SREM', key, pk), 'SADD'
      elseif kind == 'uniq' then
        local owner = try('HGET', key, value)
        if owner == pk then
          reply, undo, undo_first, undo_second = try('HDEL', key, value), 'HSET', value, pk
        elseif type(owner) == 'table' then
          reply = owner
        end
      else
        local score = try('ZSCORE', key, pk)
        if type(score) == 'table' then
          reply = score
        elseif score then
          reply, undo, undo_first, undo_second = try('ZREM', key, pk), 'ZADD', score, pk
        end
      end
      if reply == 1 then
        local last = #removed
        removed[last + 1], removed[last + 2], removed[last + 3], removed[last + 4] = undo, key, undo_first, undo_second
      end
      free = free and type(reply) == 'number'
    end
  end
  for prefix = 4, free and last_prefix or 0 do
    free = free and type(try('UNLINK', ARGV[prefix] .. pk)) == 'number'
  end
  if free then
    return { 'ok' }
  end

  local broken, broken_key = false, hash
  for last = #removed - 3, 1, -4 do
    local reply
    if removed[last + 3] then
      reply = try(removed[last], removed[last + 1], removed[last + 2], removed[last + 3])
    else
      reply = try(removed[last], removed[last + 1], removed[last + 2])
    end
    if type(reply) == 'table' and not broken then
      broken, broken_key = removed[last] .. ': ' .. reply.err, removed[last + 1]
    end
  end
  if broken then
    return { 'broken', broken, broken_key, 'none' }
  end
end
