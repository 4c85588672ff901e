-- Reads parts of values of many members, and puts them back. They have the form of lua/library/whole_value.lua.
-- @requires call current_key
-- @provides all_of cut_by_trim look_for popped put_into_list read_members refuse_another_type take_out_of_list

-- Refuses a key of another type than expected: COPY takes any.
local function refuse_another_type(key, stored)
  local kind = call('TYPE', key).ok
  if kind ~= 'none' and kind ~= (stored == 'hyperloglog' and 'string' or stored) then
    error({ err = 'WRONGTYPE Operation against a key holding the wrong kind of value' })
  end
end

-- Reads some members of a set, sorted set or hash.
local function read_members(stored, key, names)
  current_key = key
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

local function all_of(names)
  local found = {}
  for at = 1, #names do
    found[names[at]] = 1
  end
  return found
end

-- Finds which members are in a list, which may hold each several times. LPOS of an absent member costs the server as
-- much as a look at each member costs here for about MAX_LOOKED_FOR of them.
local MAX_LOOKED_FOR = 15

local function look_for(key, names)
  local found = {}
  if #names <= MAX_LOOKED_FOR then
    for at = 1, #names do
      found[names[at]] = call('LPOS', key, names[at]) and 1 or nil
    end
    return found
  end
  local wanted, first, part = all_of(names), 0, nil
  repeat
    part = call('LRANGE', key, first, first + 999)
    for at = 1, #part do
      local name = part[at]
      if wanted[name] then
        found[name], wanted[name] = 1, nil
      end
    end
    first = first + 1000
  until #part < 1000 or not next(wanted)
  return found
end

-- Returns the members that a command removed, from its reply; for a sorted set, with their scores.
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

-- Returns where LTRIM cuts: the number of members it removes from the head, and the position of the tail.
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

-- A text that is no member of a list, to stand in for one for a moment.
local function absent_from(key)
  local text = 'limpyd'
  while call('LPOS', key, text) do
    text = text .. '+'
  end
  return text
end

local function take_out_of_list(key, position)
  local mark = absent_from(key)
  call('LSET', key, position, mark)
  call('LREM', key, 1, mark)
end

local function put_into_list(key, position, member)
  local value = call('LINDEX', key, position)
  if not value then
    call('RPUSH', key, member)
    return
  end
  local mark = absent_from(key)
  call('LSET', key, position, mark)
  call('LINSERT', key, 'BEFORE', mark, member)
  call('LSET', key, position + 1, value)
end
