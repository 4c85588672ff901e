#!lua
-- Gives a worker of a group the next changes. All changes of an object that are not acknowledged yet belong to one
-- worker, who gets them in order. So a new change of an object goes to the worker who has an earlier one, and a worker
-- who was not heard of for some time loses all that it has to one other.
--
-- KEYS   1  the stream
--        2  the hash of readers: `w` and the name of each worker to the milliseconds when it was last heard of; `o` and
--           the primary key of an object to the id of the last entry of it that was given to a worker; `f` to the origin
--           that the group has finished
--        3  the origin of the feed: `after` to the number of another partition, and after a space the id of the entry of its
--           feed up to which the group has to have finished that one, before it is given entries of this one
-- ARGV   1  the group
--        2  the worker
--        3  the most changes
--        4  after how many milliseconds without a sign of life a worker loses its changes
--        5  where the group begins: 0, or $ for what is new from now on
--        6  the origin that the group has finished; '' if the worker knows of none
-- Reply  the id after which nothing was given to anybody yet; the id of the last entry that the group lost because it was
--        trimmed, or false; the entries; 1 if the request has to be repeated, since this one found only entries of others;
--        the origin that the group has to finish first, else ''
-- @guarded
-- @requires mistyped_feed_key wrong_type

local stream, readers = KEYS[1], KEYS[2]
local group, worker, count, patience, beginning, finished = unpack(ARGV)
local call = redis.call
local MOST_LOOKED_AT = 1000 -- entries that may all be of objects which other workers have; the next request goes on

local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- Returns a list of names and values, in turn, as a table.
local function facts_of(list)
  local facts = {}
  for at = 1, #list, 2 do
    facts[list[at]] = list[at + 1]
  end
  return facts
end

local function group_facts()
  local groups = call('EXISTS', stream) == 1 and call('XINFO', 'GROUPS', stream) or {}
  for _, each in ipairs(groups) do
    local facts = facts_of(each)
    if facts.name == group then
      return facts
    end
  end
end

local function read(id)
  local reply = call('XREADGROUP', 'GROUP', group, worker, 'COUNT', count, 'STREAMS', stream, id)
  return reply and reply[1][2] or {}
end

local function pk_of(entry)
  return facts_of(entry[2]).pk
end

-- Returns the worker who has the last entry of an object; nil if that is acknowledged.
local function owner_of(pk)
  local last = call('HGET', readers, 'o' .. pk)
  local pending = last and call('XPENDING', stream, group, last, last, 1)[1]
  return pending and pending[2]
end

-- Takes all that another worker has; returns the last entry of that which was trimmed.
local function take_over(other)
  local ids, missing = {}, false
  repeat
    local first = #ids > 0 and '(' .. ids[#ids] or '-'
    local found = call('XPENDING', stream, group, first, '+', 1000, other)
    for _, pending in ipairs(found) do
      ids[#ids + 1] = pending[1]
    end
  until #found < 1000
  for first = 1, #ids, 1000 do
    local last, at = math.min(first + 999, #ids), 1
    local claimed = call('XCLAIM', stream, group, worker, 0, unpack(ids, first, last))
    for number = first, last do
      if claimed[at] and claimed[at][1] == ids[number] then
        at = at + 1
      else
        missing = ids[number]
      end
    end
  end
  call('XGROUP', 'DELCONSUMER', stream, group, other)
  call('HDEL', readers, 'w' .. other)
  return missing
end

-- Returns whether entries that the group was not given are gone.
local function has_lost_some(last)
  if last == '0-0' then -- when it began there was nothing
    local facts = facts_of(call('XINFO', 'STREAM', stream))
    return facts['entries-added'] > facts.length
  end
  return #call('XRANGE', stream, last, last) == 0
end

local wrong = mistyped_feed_key(stream, readers)
if wrong then
  return wrong_type(wrong)
end
local facts = group_facts()
local is_new = not facts
if is_new then
  call('XGROUP', 'CREATE', stream, group, beginning, 'MKSTREAM')
  call('UNLINK', readers)
  facts = group_facts()
end
call('HSET', readers, 'w' .. worker, string.format('%.0f', now))

local lost, last = false, facts['last-delivered-id']
local entries = read('0')
if #entries == 0 and facts.pending > 0 then
  for _, each in ipairs(call('XINFO', 'CONSUMERS', stream, group)) do
    local other = facts_of(each)
    local heard = tonumber(call('HGET', readers, 'w' .. other.name) or '0')
    if other.name ~= worker and now - heard >= tonumber(patience) then
      lost = take_over(other.name) or lost
    end
  end
  entries = read('0')
end

local given = {}
for _, entry in ipairs(entries) do
  if entry[2] then
    given[#given + 1] = entry
  else
    lost = entry[1]
    call('XACK', stream, group, entry[1])
  end
end
if #given == 0 and not is_new and call('XLEN', stream) > 0 and has_lost_some(last) then
  lost, last = last, '0-0' -- all that is left comes after it, and some of it is read now, so this is told once
  call('XGROUP', 'SETID', stream, group, last)
end
local origin = call('HGET', KEYS[3], 'after') or ''
if origin ~= '' and origin == finished then
  call('HSET', readers, 'f', origin)
elseif call('HGET', readers, 'f') == origin then
  finished = origin
end
local held = origin ~= finished and origin or ''
local looked, may_be_more = 0, #given == 0 and held == ''
while may_be_more and #given == 0 and looked < MOST_LOOKED_AT do
  local new = read('>')
  may_be_more = #new > 0
  looked = looked + #new
  for _, entry in ipairs(new) do
    local pk = pk_of(entry)
    local owner = owner_of(pk)
    if owner and owner ~= worker then
      call('XCLAIM', stream, group, owner, 0, entry[1], 'JUSTID')
    else
      given[#given + 1] = entry
    end
    call('HSET', readers, 'o' .. pk, entry[1])
    last = entry[1]
  end
end
return { last, lost, given, may_be_more and #given == 0 and 1 or 0, held }
