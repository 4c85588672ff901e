-- Values of many members: what a command can change of one, and how that is taken back.
-- What there is is told as lib/look_at_all does.

-- What there is of some members of a set, sorted set or hash.
local function look_at_some(stored, key, names)
  subject_key = key
  local ask = stored == 'set' and 'SMISMEMBER' or stored == 'zset' and 'ZMSCORE' or 'HMGET'
  local found = {}
  -- In slices: Lua cannot unpack thousands of arguments at once.
  for first = 1, #names, 1000 do
    local replies = call(ask, key, unpack(names, first, math.min(first + 999, #names)))
    for at = 1, #replies do
      if replies[at] and replies[at] ~= 0 then
        found[names[first + at - 1]] = replies[at]
      end
    end
  end
  return found
end

-- What there is of some members of a list, in which each may stand several times.
local function look_for(key, names)
  local found = {}
  if #names > 10 then
    found = look_at_all('list', key)
    return found
  end
  for at = 1, #names do
    found[names[at]] = call('LPOS', key, names[at]) and 1 or nil
  end
  return found
end

local function all_of(names)
  local found = {}
  for at = 1, #names do
    found[names[at]] = 1
  end
  return found
end

-- The members that a command took away, as its reply tells; of a sorted set with their scores.
local function popped(command, reply)
  local names, scores = {}, {}
  if not reply then
    return names, scores
  elseif type(reply) ~= 'table' then
    return { reply }, scores
  elseif command == 'LMPOP' then
    return reply[2], scores
  elseif command == 'ZMPOP' then
    for at = 1, #reply[2] do
      names[at] = reply[2][at][1]
      scores[names[at]] = reply[2][at][2]
    end
    return names, scores
  elseif command == 'ZPOPMIN' or command == 'ZPOPMAX' then
    for at = 1, #reply, 2 do
      names[#names + 1] = reply[at]
      scores[reply[at]] = reply[at + 1]
    end
    return names, scores
  end
  return reply, scores
end

-- Takes back what happened to some members of a set, sorted set or hash.
local function undo_some(stored, key, names, before, after)
  for at = 1, #names do
    local name = names[at]
    local old, new = before[name], after[name]
    if old == new then
      -- nothing happened to it
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

-- Puts the members back that were taken from an end of a list, the outermost first.
local function undo_pops(key, names, from_head)
  for at = 1, #names do
    undo_with(from_head and 'LPUSH' or 'RPUSH', key, names[at])
  end
end

-- Where LTRIM cuts: how many it takes from the head, and from which position on to the tail.
local function cut_by_trim(key, start, stop)
  local length = call('LLEN', key)
  start, stop = tonumber(start), tonumber(stop)
  start = math.max(start < 0 and start + length or start, 0)
  stop = math.min(stop < 0 and stop + length or stop, length - 1)
  if start > stop then
    return length, length
  end
  return start, stop + 1
end
