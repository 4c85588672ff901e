#!lua
-- Looks at whether objects exist to which others are to refer.
--
-- KEYS   1  the set of primary keys
--        2  the objects that are about to be deleted: a hash from primary keys to records of their deletions
--        3  the clock of this partition
-- ARGV   1  the least time of the clock
--        2… primary keys
-- Reply  the time of the clock; then for each primary key 1 if the object exists, 0 if it does not, or the record of its
--        deletion if it is about to be deleted
-- @guarded
-- @requires mistyped_among wrong_type

local function look()
  local time, least = tonumber(redis.call('GET', KEYS[3]) or '0'), tonumber(ARGV[1])
  if time < least then -- a failover lost it
    time = least
    redis.call('SET', KEYS[3], ARGV[1])
  end

  local reply = { time }
  for first = 2, #ARGV, 1000 do
    local last = math.min(first + 999, #ARGV)
    local exist = redis.call('SMISMEMBER', KEYS[1], unpack(ARGV, first, last))
    local closing = redis.call('HMGET', KEYS[2], unpack(ARGV, first, last))
    for at = 1, #exist do
      local state = exist[at]
      if state == 1 and closing[at] then
        state = closing[at]
      end
      reply[#reply + 1] = state
    end
  end
  return reply
end

local done, reply = pcall(look)
if done then
  return reply
end
local mistyped = mistyped_among({ 'SMISMEMBER', KEYS[1] }) or mistyped_among({ 'HMGET', KEYS[2] }) or mistyped_among({ 'GET', KEYS[3] })
return mistyped and wrong_type(mistyped) or error(reply)
