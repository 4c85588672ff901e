-- A new object with values in its hash alone, and indexes of texts or numbers (eq, uniq or num, see lib/add_entry). ARGV
-- is that of lib/create.

local last_unset = 3 + ARGV[3]
local last_text = last_unset + 1 + ARGV[last_unset + 1]
local first_entry, short = last_text + 3, not goes_on and last_text - last_unset <= 1000
short = short and not string.find(ARGV[2], '\0', 1, true) -- the layout of limpyd 2 goes the long way
short = short and ARGV[last_text + 1] == '0' and ARGV[last_text + 2] == '0'
for entry = first_entry, #ARGV, 3 do
  short = short and (ARGV[entry] == 'eq' or ARGV[entry] == 'uniq' or ARGV[entry] == 'num')
end

if short then
  local minted, pk = KEYS[2] and KEYS[2] ~= KEYS[1], ARGV[1]
  local count = minted and try('INCR', KEYS[2])
  if minted and type(count) == 'number' and count < 2 ^ 53 then -- beyond, it is rounded (see lib/exact)
    pk = string.format('%.0f', count)
  elseif minted then
    pk = ''
  end
  local hash, entry = ARGV[2] .. pk, first_entry
  local free = (not minted or pk ~= '') and try('SADD', KEYS[1], pk) == 1
  local listed, stored = free, false
  free = free and try('EXISTS', hash) == 0
  for unset = 4, last_unset do
    free = free and try('EXISTS', ARGV[unset] .. pk) == 0
  end
  if free and last_text > last_unset + 1 then
    stored = type(try('HSET', hash, unpack(ARGV, last_unset + 2, last_text))) == 'number'
    free = stored
  end
  while free and entry < #ARGV do
    local kind, key, text = ARGV[entry], ARGV[entry + 1], ARGV[entry + 2]
    if kind == 'eq' then
      free = try('SADD', key .. text, pk) == 1
    elseif kind == 'uniq' then
      free = try('HSETNX', key, text, pk) == 1
    else
      free = try('ZADD', key, 'NX', text, pk) == 1
    end
    entry = entry + 3
  end
  if free then
    return pk
  end

  local broken = false
  local function undo(command, ...)
    local reply = try(command, ...)
    broken = broken or type(reply) == 'table' and command .. ': ' .. reply.err
  end
  for done = entry - 6, first_entry, -3 do -- the last one was refused
    local kind, key, text = ARGV[done], ARGV[done + 1], ARGV[done + 2]
    if kind == 'eq' then
      undo('SREM', key .. text, pk)
    elseif kind == 'uniq' then
      undo('HDEL', key, text)
    else
      undo('ZREM', key, pk)
    end
  end
  if stored then
    undo('DEL', hash)
  end
  if listed then
    undo('SREM', KEYS[1], pk)
  end
  if type(count) == 'number' then
    undo(count == 1 and 'DEL' or 'DECR', KEYS[2])
  end
  if broken then
    return { 'broken', broken, hash, 'none' }
  end
end
