-- Takes back changes to a value of many members. For places see lua/library/change_detection.lua.
-- @requires call is_journaled journal_length undo_with
-- @provides undo_all undo_move undo_pops undo_some whole_noted

local whole = {} -- by key: the function that puts the whole value back, and its position in the journal

-- Returns whether the whole value is noted already.
local function whole_noted(key)
  local known = whole[key]
  return known and is_journaled(known.at, known.put_back)
end

-- Notes how to put a whole value back.
local function undo_all(place)
  local stored, key, all = place.stored, place.key, place.all
  local function put_back()
    if not next(place.before) then
      call('DEL', key)
    elseif stored == 'string' or stored == 'hyperloglog' then
      call('SET', key, place.before[''])
    else
      if stored == 'zset' then
        for at = 1, #all, 2 do
          all[at], all[at + 1] = all[at + 1], all[at]
        end
      end
      local add = stored == 'set' and 'SADD' or stored == 'zset' and 'ZADD' or stored == 'hash' and 'HSET' or 'RPUSH'
      -- If the account may not add, the key is left as it is. A key of another type is removed anyway.
      local reply = redis.pcall(add, key, unpack(all, 1, math.min(2, #all)))
      if type(reply) == 'table' and reply.err and string.sub(reply.err, 1, 9) ~= 'WRONGTYPE' then
        error(reply)
      end
      call('DEL', key)
      for first = 1, #all, 1000 do
        call(add, key, unpack(all, first, math.min(first + 999, #all)))
      end
    end
    for sub, when in pairs(place.sub_expiries or {}) do
      call('HPEXPIREAT', key, when, 'FIELDS', 1, sub)
    end
  end
  whole[key] = { at = journal_length, put_back = put_back }
  undo_with(put_back, key)
end

-- Notes how to take back changes to some members of a set, sorted set or hash.
local function undo_some(place, names, before, after)
  local stored, key = place.stored, place.key
  for at = 1, #names do
    local name = names[at]
    local old, new = before[name], after[name]
    local expires = old and place.sub_expiries and place.sub_expiries[name]
    if expires then
      undo_with(function()
        call('HPEXPIREAT', key, expires, 'FIELDS', 1, name)
      end, key)
    end
    if old == new and not (old and place.sub_expiries) then
      -- neither it nor its expiry has changed
    elseif stored == 'set' then
      undo_with(old and 'SADD' or 'SREM', key, name)
    elseif stored == 'zset' then
      if old then
        undo_with('ZADD', key, old, name)
      else
        undo_with('ZREM', key, name)
      end
    elseif old then
      undo_with('HSET', key, name, old)
    else
      undo_with('HDEL', key, name)
    end
  end
end

-- Notes how to move a member back from the second place to the first, by the command that moved it, which the account
-- is allowed to use.
local function undo_move(places, command, first_arg, reply)
  local source, target = places[1].key, ARGV[first_arg]
  if command == 'LMOVE' and reply then
    local from, to = ARGV[first_arg + 1], ARGV[first_arg + 2]
    undo_with(function()
      call('LMOVE', target, source, to, from)
    end, target)
  elseif command == 'SMOVE' and reply == 1 then
    local member = ARGV[first_arg + 1]
    if places[2].before[member] then
      undo_with('SADD', source, member)
    else
      undo_with('SMOVE', target, source, member)
    end
  end
end

-- Notes how to put back members that were removed from an end of a list, the outermost first.
local function undo_pops(key, names, from_head)
  for at = 1, #names do
    undo_with(from_head and 'LPUSH' or 'RPUSH', key, names[at])
  end
end
