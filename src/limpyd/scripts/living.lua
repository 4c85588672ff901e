#!lua flags=no-writes
-- Answers a query of a model whose objects expire by one native command. If the deadlines of some objects are over, these
-- are left out of what the command finds.
--
-- KEYS   as for scripts/find.lua
-- ARGV   the query (see lua/library/query_request.lua); then the command, and the number of its words; wanted is
--          pks    the primary keys
--          count  their number
-- Reply  that; or GONE (see scripts/find.lua)
-- @guarded

local FEW = 1000 -- of so many, those that meet the query are found sooner than all other objects

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local deadlines = string.sub(KEYS[1], 1, -4) .. 'deadline:object'
local wanted, last = ARGV[1], #ARGV - 1
local first = last - ARGV[#ARGV] + 1
local found = redis.pcall(unpack(ARGV, first, last))
local fails = type(found) == 'table' and found.err
if fails then
  if not string.find(fails, 'WRONGTYPE', 1, true) then -- else it is run again below, to name the key
    return found
  end
elseif ARGV[first] == 'SISMEMBER' or type(found) == 'string' then -- one object, or none
  local pk = type(found) == 'string' and found or found == 1 and ARGV[last]
  local exists = pk and (pk ~= found or redis.call('SISMEMBER', KEYS[1], pk) == 1)
  local deadline = exists and redis.call('ZSCORE', deadlines, pk)
  exists = exists and not (deadline and tonumber(deadline) <= now)
  return wanted == 'count' and (exists and 1 or 0) or exists and { pk } or {}
elseif redis.call('ZCOUNT', deadlines, '-inf', now) == 0 then -- nothing has to be left out
  return found or {}
end

-- @requires ask_for call gone page_of_pks read_request reply_of

local function without_expired(pks)
  local times, kept = ask_for('ZMSCORE', deadlines, pks), {}
  for at = 1, #pks do
    if not times[at] or tonumber(times[at]) > now then
      kept[#kept + 1] = pks[at]
    end
  end
  return kept
end

-- Returns the number of some expired objects that a native command has counted.
local function matching(node, expired)
  if not node.whole then
    return #node.keep(expired)
  end
  local count = 0
  for from = 1, #expired, 1000 do
    for _, exists in ipairs(redis.call('SMISMEMBER', KEYS[1], unpack(expired, from, math.min(from + 999, #expired)))) do
      count = count + exists
    end
  end
  return count
end

return reply_of(function()
  if fails then
    return call(unpack(ARGV, first, last))
  elseif type(found) == 'table' and ARGV[3] == '0' then
    return without_expired(found)
  end
  local request = read_request()
  if gone then
    return { ok = 'GONE' }
  end
  local limit = request.limit
  if type(found) == 'number' and (request.node.whole or redis.call('ZCOUNT', deadlines, '-inf', now) <= FEW) then
    return found - matching(request.node, redis.call('ZRANGEBYSCORE', deadlines, '-inf', now))
  end
  request.limit = 0
  local pks = without_expired(page_of_pks(request))
  if wanted == 'count' then
    return #pks
  end
  return limit > 0 and { unpack(pks, 1, math.min(limit, #pks)) } or pks
end)
