-- EVALSHA 71dce17a539bbf61fa6c98f3227d3299aa7cd869, sent with
--   KEYS[1]  {golden:parcel}:pks
--   KEYS[2]  {golden:parcel}:meta
--   KEYS[3]  {golden:parcel}:nothing
--   KEYS[4]  {golden:parcel}:seq
--   ARGV[1]  the epoch of the catalog
--   ARGV[2]  the primary key
--   ARGV[3]  a 1 for each of name, size, weight, label, sent, count, EqualIndexWith that gets a value, else 0
--   ARGV[4]  a 1 for each of tags, board, queue that gets members, else 0
--   ARGV[5]  name
--   ARGV[6]  size
--   ARGV[7]  the value as EqualIndex of Parcel.size stores it
--   ARGV[8]  weight
--   ARGV[9]  the value as EqualIndex of Parcel.weight stores it
--   ARGV[10]  label
--   ARGV[11]  the value as TextRangeIndex of Parcel.label stores it
--   ARGV[12]  sent
--   ARGV[13]  the value as NumberRangeIndex of Parcel.sent stores it
--   ARGV[14]  count
--   ARGV[15]  the value as NumberRangeIndex of Parcel.count stores it
--   ARGV[16]  the values of name, size as EqualIndexWith stores them
--   ARGV[17]  of each that gets members: a command, a count and arguments, a count and keys of indexes …
#!lua
-- Creates an object: primary key, membership, values and indexes.
--
-- The general script for this is scripts/create.lua, with lua/library/create.lua.
--
-- KEYS   1  the set of primary keys
--        2  the catalog of the model
--        3  a key that never exists
--        4  the last automatic primary key, if primary keys are automatic
-- ARGV   1  the epoch
--        2  the primary key, if it is given
--        3  one character for each field of one value and each composite index: 1 if it gets a value, else 0
--        4  the same for each field of many members, if the model has some
--        …  for each field of one value that gets a value: the value, then the text that each of its indexes keeps, if
--           that is not the value itself
--        …  for each composite index that gets a value: the text that it keeps
--        …  for each field of many members that gets some: a command, a count of arguments, those arguments, a count of
--           keys of its indexes, and those keys
-- Reply  the primary key; or 'taken', 'occupied', 'unique', 'absent', 'error', 'broken' (see lua/library/journal.lua)
-- Refuses to run if the model's epoch is not the one that the process knows (see indexes/maintenance/declare.lua).
local call = redis.pcall
local epoch = call('HGET', KEYS[2], ':epoch')
if epoch ~= ARGV[1] then
  local failed = type(epoch) == 'table' and epoch.err
  if failed and string.find(failed, 'WRONGTYPE', 1, true) then
    failed = 'WRONGTYPE the key ' .. KEYS[2] .. ' should be a hash; rename or delete it'
  end
  return redis.error_reply(failed or 'OUTDATED ' .. KEYS[2])
end
local tag = string.sub(KEYS[1], 1, -4)
local pk, given = ARGV[2], ARGV[3]
local whole = given == '1111111'
local at, failed, outcome, reply = KEYS[1], false, false, false
local counted, moved_from, listed, hash, stored = false, false, false, false, false
local set4, set5, added0, removed0, added1, removed1, member2, added2, removed2, score3, changed3, is_new3, score4, changed4, is_new4, owner5, added5, removed5
local gathered, entered = {}, {}
repeat
  -- Mints the next automatic primary key. A counter that was lost, or is too low, continues from the highest primary key
  -- (see lua/library/mint.lua).
  at = KEYS[4]
  counted = call('INCR', at)
  if type(counted) ~= 'number' then failed = counted break end
  pk = counted < 2 ^ 53 and string.format('%.0f', counted) or call('GET', at) -- beyond that Lua rounds
  if type(pk) == 'table' then failed = pk break end
  at = KEYS[1]
  reply = counted == 1 and call('SCARD', at) or 0
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
  hash = tag .. 'hash:' .. pk
  at = hash
  reply = call('EXISTS', hash, tag .. 'field:label:' .. pk, tag .. 'field:sent:' .. pk, tag .. 'field:tags:' .. pk, tag .. 'field:board:' .. pk, tag .. 'field:queue:' .. pk, tag .. 'field:owned:' .. pk)
  if reply ~= 0 then
    failed = reply
    for _, key in ipairs(type(reply) == 'number' and { hash, tag .. 'field:label:' .. pk, tag .. 'field:sent:' .. pk, tag .. 'field:tags:' .. pk, tag .. 'field:board:' .. pk, tag .. 'field:queue:' .. pk, tag .. 'field:owned:' .. pk } or {}) do
      if call('EXISTS', key) == 1 then outcome = { 'occupied', key, call('TYPE', key).ok or 'none' } break end
    end
    break
  end
  at = hash
  if whole then
    reply = call('HSET', hash, 'version', '1', 'name', ARGV[5], 'size', ARGV[6], 'weight', ARGV[8], 'count', ARGV[14])
  else
    local values, last = { 'version', '1' }, 2
    if string.byte(given, 1) == 49 then values[last + 1], values[last + 2], last = 'name', ARGV[5], last + 2 end
    if string.byte(given, 2) == 49 then values[last + 1], values[last + 2], last = 'size', ARGV[6], last + 2 end
    if string.byte(given, 3) == 49 then values[last + 1], values[last + 2], last = 'weight', ARGV[8], last + 2 end
    if string.byte(given, 6) == 49 then values[last + 1], values[last + 2], last = 'count', ARGV[14], last + 2 end
    reply = last > 0 and call('HSET', hash, unpack(values)) or 0
  end
  if type(reply) ~= 'number' then failed = reply break end
  stored = reply > 0
  if whole or string.byte(given, 2) == 49 then
    at = tag .. 'eq:size:' .. ARGV[7]
    reply = call('SADD', at, pk)
    if type(reply) ~= 'number' then failed = reply break end
    added0 = reply == 1
  end
  if whole or string.byte(given, 3) == 49 then
    at = tag .. 'eq:weight:' .. ARGV[9]
    reply = call('SADD', at, pk)
    if type(reply) ~= 'number' then failed = reply break end
    added1 = reply == 1
  end
  if whole or string.byte(given, 4) == 49 then
    at = tag .. 'field:label:' .. pk
    reply = call('SET', at, ARGV[10])
    if reply.err then failed = reply break end
    set4 = true
    at, member2 = tag .. 'lex:label', string.gsub(ARGV[11], '%z', '\0\255') .. '\0\0' .. pk
    reply = call('ZADD', at, 0, member2)
    if type(reply) ~= 'number' then failed = reply break end
    added2 = reply == 1
  end
  if whole or string.byte(given, 5) == 49 then
    at = tag .. 'field:sent:' .. pk
    reply = call('SET', at, ARGV[12])
    if reply.err then failed = reply break end
    set5 = true
    at = tag .. 'num:sent'
    reply = call('ZADD', at, 'NX', ARGV[13], pk)
    if reply == 0 then
      score3 = call('ZSCORE', at, pk)
      reply = type(score3) == 'table' and score3 or call('ZADD', at, ARGV[13], pk)
    end
    if type(reply) ~= 'number' then failed = reply break end
    changed3, is_new3 = true, not score3
  end
  if whole or string.byte(given, 6) == 49 then
    at = tag .. 'num:count'
    reply = call('ZADD', at, 'NX', ARGV[15], pk)
    if reply == 0 then
      score4 = call('ZSCORE', at, pk)
      reply = type(score4) == 'table' and score4 or call('ZADD', at, ARGV[15], pk)
    end
    if type(reply) ~= 'number' then failed = reply break end
    changed4, is_new4 = true, not score4
  end
  if whole or string.byte(given, 7) == 49 then
    at = tag .. 'uniq:name+size'
    reply = call('HSETNX', at, ARGV[16], pk)
    if reply == 1 then
      added5 = true
    elseif reply == 0 then
      owner5 = call('HGET', at, ARGV[16])
      reply = owner5
      if owner5 ~= pk and type(owner5) == 'string' then
        at = KEYS[1]
        reply = call('SISMEMBER', at, owner5)
        if reply == 1 then outcome = { 'unique', 6, ARGV[16], owner5 } break end
        if reply == 0 then
          at = tag .. 'uniq:name+size'
          reply = call('HSET', at, ARGV[16], pk)
          added5 = reply == 0
        end
      end
    end
    if type(reply) == 'table' then failed = reply break end
  end
  -- In statements/lua/create.lua: stores the values of fields of many members, and their entries in equality indexes.
  if ARGV[4] ~= '000' then
    local next_at, places = 16 + 1, { tag .. 'field:tags:' .. pk, tag .. 'field:board:' .. pk, tag .. 'field:queue:' .. pk }
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
  return pk
until true

-- Takes back the changes, the last one first; notes the first command that fails.
local rollback_error = false
local function undo(command, at_key, ...)
  local undone = call(command, at_key, ...)
  if type(undone) == 'table' and undone.err then
    rollback_error = rollback_error or { 'broken', command .. ': ' .. undone.err, at_key, 'none' }
  end
end
-- In statements/lua/create.lua: takes back what statements/lua/members.lua did.
for number = #entered, 1, -1 do
  undo('SREM', entered[number], pk)
end
for _, key in pairs(gathered) do
  undo('DEL', key)
end
if added5 and owner5 then undo('HSET', tag .. 'uniq:name+size', ARGV[16], owner5) elseif added5 then undo('HDEL', tag .. 'uniq:name+size', ARGV[16]) end
if changed4 and not is_new4 and score4 then undo('ZADD', tag .. 'num:count', score4, pk) elseif changed4 then undo('ZREM', tag .. 'num:count', pk) end
if changed3 and not is_new3 and score3 then undo('ZADD', tag .. 'num:sent', score3, pk) elseif changed3 then undo('ZREM', tag .. 'num:sent', pk) end
if set5 then undo('DEL', tag .. 'field:sent:' .. pk) end
if added2 then undo('ZREM', tag .. 'lex:label', member2) end
if set4 then undo('DEL', tag .. 'field:label:' .. pk) end
if added1 then undo('SREM', tag .. 'eq:weight:' .. ARGV[9], pk) end
if added0 then undo('SREM', tag .. 'eq:size:' .. ARGV[7], pk) end
if stored then
  undo('DEL', hash)
end
if listed then
  undo('SREM', KEYS[1], pk)
end
if moved_from then
  undo('SET', KEYS[4], moved_from)
end
if type(counted) == 'number' then
  undo(counted == 1 and 'DEL' or 'DECR', KEYS[4])
end
return rollback_error or outcome or { 'error', failed.err, at, call('TYPE', at).ok or 'none' }

