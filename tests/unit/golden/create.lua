-- EVALSHA 6c959a6f7882ecf00cb550f4010baa389db5daf7, sent with
--   KEYS[1]  {golden:person}:pks
--   KEYS[2]  {golden:person}:meta
--   KEYS[3]  {golden:person}:nothing
--   KEYS[4]  {golden:person}:seq
--   ARGV[1]  the epoch of the catalog
--   ARGV[2]  the primary key
--   ARGV[3]  a 1 for each of name, email, age, city, weight, motto, team, note that gets a value, else 0
--   ARGV[4]  a 1 for each of tags that gets members, else 0
--   ARGV[5]  name
--   ARGV[6]  email
--   ARGV[7]  age
--   ARGV[8]  the value as NumberRangeIndex of Person.age stores it
--   ARGV[9]  city
--   ARGV[10]  weight
--   ARGV[11]  the value as NumberRangeIndex of Person.weight stores it
--   ARGV[12]  motto
--   ARGV[13]  team
--   ARGV[14]  note
--   ARGV[15]  of each that gets members: a command, a count and arguments, a count and keys of indexes …
#!lua flags=allow-cross-slot-keys
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
local whole = given == '11111111'
local at, failed, outcome, reply = KEYS[1], false, false, false
local counted, moved_from, listed, hash, stored = false, false, false, false, false
local set6, added0, removed0, owner1, added1, removed1, score2, changed2, is_new2, added3, removed3, member4, added4, removed4, score5, changed5, is_new5, member6, added6, removed6, added8, removed8
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
  reply = call('EXISTS', hash, tag .. 'field:motto:' .. pk, tag .. 'field:tags:' .. pk)
  if reply ~= 0 then
    failed = reply
    for _, key in ipairs(type(reply) == 'number' and { hash, tag .. 'field:motto:' .. pk, tag .. 'field:tags:' .. pk } or {}) do
      if call('EXISTS', key) == 1 then outcome = { 'occupied', key, call('TYPE', key).ok or 'none' } break end
    end
    break
  end
  at = hash
  if whole then
    reply = call('HSET', hash, 'name', ARGV[5], 'email', ARGV[6], 'age', ARGV[7], 'city', ARGV[9], 'weight', ARGV[10], 'team', ARGV[13], 'note', ARGV[14])
  else
    local values, last = {}, 0
    if string.byte(given, 1) == 49 then values[last + 1], values[last + 2], last = 'name', ARGV[5], last + 2 end
    if string.byte(given, 2) == 49 then values[last + 1], values[last + 2], last = 'email', ARGV[6], last + 2 end
    if string.byte(given, 3) == 49 then values[last + 1], values[last + 2], last = 'age', ARGV[7], last + 2 end
    if string.byte(given, 4) == 49 then values[last + 1], values[last + 2], last = 'city', ARGV[9], last + 2 end
    if string.byte(given, 5) == 49 then values[last + 1], values[last + 2], last = 'weight', ARGV[10], last + 2 end
    if string.byte(given, 7) == 49 then values[last + 1], values[last + 2], last = 'team', ARGV[13], last + 2 end
    if string.byte(given, 8) == 49 then values[last + 1], values[last + 2], last = 'note', ARGV[14], last + 2 end
    reply = last > 0 and call('HSET', hash, unpack(values)) or 0
  end
  if type(reply) ~= 'number' then failed = reply break end
  stored = reply > 0
  if whole or string.byte(given, 1) == 49 then
    at = tag .. 'eq:name:' .. ARGV[5]
    reply = call('SADD', at, pk)
    if type(reply) ~= 'number' then failed = reply break end
    added0 = reply == 1
  end
  if whole or string.byte(given, 2) == 49 then
    at = tag .. 'uniq:email'
    reply = call('HSETNX', at, ARGV[6], pk)
    if reply == 1 then
      added1 = true
    elseif reply == 0 then
      owner1 = call('HGET', at, ARGV[6])
      reply = owner1
      if owner1 ~= pk and type(owner1) == 'string' then
        at = KEYS[1]
        reply = call('SISMEMBER', at, owner1)
        if reply == 1 then outcome = { 'unique', 1, ARGV[6], owner1 } break end
        if reply == 0 then
          at = tag .. 'uniq:email'
          reply = call('HSET', at, ARGV[6], pk)
          added1 = reply == 0
        end
      end
    end
    if type(reply) == 'table' then failed = reply break end
  end
  if whole or string.byte(given, 3) == 49 then
    at = tag .. 'num:age'
    reply = call('ZADD', at, 'NX', ARGV[8], pk)
    if reply == 0 then
      score2 = call('ZSCORE', at, pk)
      reply = type(score2) == 'table' and score2 or call('ZADD', at, ARGV[8], pk)
    end
    if type(reply) ~= 'number' then failed = reply break end
    changed2, is_new2 = true, not score2
  end
  if whole or string.byte(given, 4) == 49 then
    at = tag .. 'eq:city:' .. ARGV[9]
    reply = call('SADD', at, pk)
    if type(reply) ~= 'number' then failed = reply break end
    added3 = reply == 1
    at, member4 = tag .. 'lex:city', string.gsub(ARGV[9], '%z', '\0\255') .. '\0\0' .. pk
    reply = call('ZADD', at, 0, member4)
    if type(reply) ~= 'number' then failed = reply break end
    added4 = reply == 1
  end
  if whole or string.byte(given, 5) == 49 then
    at = tag .. 'num:weight'
    reply = call('ZADD', at, 'NX', ARGV[11], pk)
    if reply == 0 then
      score5 = call('ZSCORE', at, pk)
      reply = type(score5) == 'table' and score5 or call('ZADD', at, ARGV[11], pk)
    end
    if type(reply) ~= 'number' then failed = reply break end
    changed5, is_new5 = true, not score5
  end
  if whole or string.byte(given, 6) == 49 then
    at = tag .. 'field:motto:' .. pk
    reply = call('SET', at, ARGV[12])
    if reply.err then failed = reply break end
    set6 = true
    at, member6 = tag .. 'lex:motto', string.gsub(ARGV[12], '%z', '\0\255') .. '\0\0' .. pk
    reply = call('ZADD', at, 0, member6)
    if type(reply) ~= 'number' then failed = reply break end
    added6 = reply == 1
  end
  if whole or string.byte(given, 7) == 49 then
    at = '{golden:team}:pks'
    reply = call('SISMEMBER', at, ARGV[13])
    if reply == 0 then outcome = { 'absent', 6, ARGV[13] } break end
    if reply ~= 1 then failed = reply break end
    at = tag .. 'eq:team:' .. ARGV[13]
    reply = call('SADD', at, pk)
    if type(reply) ~= 'number' then failed = reply break end
    added8 = reply == 1
  end
  -- In statements/lua/create.lua: stores the values of fields of many members, and their entries in equality indexes.
  if ARGV[4] ~= '0' then
    local next_at, places = 14 + 1, { tag .. 'field:tags:' .. pk }
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
if added8 then undo('SREM', tag .. 'eq:team:' .. ARGV[13], pk) end
if added6 then undo('ZREM', tag .. 'lex:motto', member6) end
if set6 then undo('DEL', tag .. 'field:motto:' .. pk) end
if changed5 and not is_new5 and score5 then undo('ZADD', tag .. 'num:weight', score5, pk) elseif changed5 then undo('ZREM', tag .. 'num:weight', pk) end
if added4 then undo('ZREM', tag .. 'lex:city', member4) end
if added3 then undo('SREM', tag .. 'eq:city:' .. ARGV[9], pk) end
if changed2 and not is_new2 and score2 then undo('ZADD', tag .. 'num:age', score2, pk) elseif changed2 then undo('ZREM', tag .. 'num:age', pk) end
if added1 and owner1 then undo('HSET', tag .. 'uniq:email', ARGV[6], owner1) elseif added1 then undo('HDEL', tag .. 'uniq:email', ARGV[6]) end
if added0 then undo('SREM', tag .. 'eq:name:' .. ARGV[5], pk) end
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

