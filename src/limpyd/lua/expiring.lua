-- The beginning of all scripts of models whose objects expire (see the module beside it). An object whose deadline is over
-- is not there, whether its values and index entries are removed already or not: scripts do not find it in the set of
-- primary keys. The clock is the server's, and stands still while a script runs.
--
-- KEYS   before the last colon of the last key is a mark of the process. It begins arguments that are moments, or follows
--        the bracket of an interval; the number of milliseconds from now comes after it
local now = redis.call('TIME')
now = now[1] * 1000 + math.floor(now[2] / 1000)

local mark = string.match(KEYS[#KEYS], '(now%-%x+):nothing$')
for at = 1, mark and #ARGV or 0 do
  local first = #ARGV[at] < 64 and string.find(ARGV[at], mark, 1, true)
  if first then
    ARGV[at] = string.sub(ARGV[at], 1, first - 1) .. string.format('%.0f', now + string.sub(ARGV[at], first + #mark))
  end
end

local watch_command = false -- called with each command before it runs, in scripts that write (lua/freed_values.lua)

-- Commands that only these scripts know. Each is called with the function that runs others, a hash, and in it a sub-key.
-- For values that lapse, they also have the key of the value, and its sub-key, or ''; the key is '' if there is no object.
local own_commands = {
  -- Sets a deadline, in milliseconds since 1970, under a condition: NX, XX, GT or LT; whether it is set.
  SETDEADLINE = function(run, key, sub, deadline, condition, value_key, value_sub)
    if value_key and (value_key == '' or (value_sub == '' and run('EXISTS', value_key) or run('HEXISTS', value_key, value_sub)) == 0) then
      return 0
    end
    local before, after = run('HGET', key, sub), tonumber(deadline)
    if type(before) == 'table' then
      return before
    elseif condition == 'NX' and before or condition == 'LT' and before and after >= tonumber(before) then
      return 0
    elseif condition == 'XX' and not before or condition == 'GT' and not (before and after > tonumber(before)) then
      return 0
    end
    local done = run('HSET', key, sub, deadline)
    return type(done) == 'table' and done or 1
  end,

  -- Sets the deadline of a value that is about to be written, or with '' removes it; under the condition under which the
  -- value is written: NX, XX or IFEQ.
  SETNEXTDEADLINE = function(run, key, sub, deadline, condition, value_key, value_sub, compared)
    local value
    if value_sub ~= '' then
      value = run('HGET', value_key, value_sub)
    elseif condition == 'IFEQ' then
      value = run('GET', value_key)
    else
      value = run('EXISTS', value_key) == 1
    end
    if type(value) == 'table' then
      return value
    elseif condition == 'NX' and value or condition == 'XX' and not value or condition == 'IFEQ' and value ~= compared then
      return 0
    end
    return deadline == '' and run('HDEL', key, sub) or run('HSET', key, sub, deadline)
  end,

  -- As HSET, if there is a value.
  HSETXX = function(run, key, sub, value)
    local exists = run('HEXISTS', key, sub)
    local done = exists == 1 and run('HSET', key, sub, value)
    return type(done) == 'table' and done or exists
  end,

  -- The milliseconds until a value lapses, and the deadline, as PTTL and PEXPIRETIME reply them.
  VALUEPTTL = function(run, key, sub, value_key, value_sub)
    local deadline = run('HGET', key, sub)
    if type(deadline) ~= 'string' then
      local exists = value_sub == '' and run('EXISTS', value_key) or run('HEXISTS', value_key, value_sub)
      return type(exists) == 'table' and exists or exists - 2
    end
    return math.max(tonumber(deadline) - now, 0)
  end,
  VALUEPEXPIRETIME = function(run, key, sub, value_key, value_sub)
    local deadline = run('HGET', key, sub)
    if type(deadline) ~= 'string' then
      local exists = value_sub == '' and run('EXISTS', value_key) or run('HEXISTS', value_key, value_sub)
      return type(exists) == 'table' and exists or exists - 2
    end
    return tonumber(deadline)
  end,

  -- Returns the milliseconds until a deadline; nothing without one.
  DEADLINELEFT = function(run, key, sub)
    local deadline = run('HGET', key, sub)
    return type(deadline) == 'string' and math.max(tonumber(deadline) - now, 0) or deadline
  end,
}

-- Returns a function that runs commands, and finds no object whose deadline is over in the set of primary keys.
local function of_living(run)
  local function is_over(deadline)
    return deadline and deadline + 0 <= now
  end
  local asks = { SISMEMBER = true, SMISMEMBER = true, SREM = true }
  return function(command, ...)
    if own_commands[command] then
      return own_commands[command](run, ...)
    end
    local key = asks[command] and ...
    if not key or not string.find(key, '^{[^}]*}[^:]*:pks$') then
      if watch_command then
        watch_command(command, ...)
      end
      return run(command, ...)
    end
    local deadlines = run('ZMSCORE', string.sub(key, 1, -4) .. 'deadline:object', select(2, ...))
    if deadlines.err then -- the key is of another type; what was done can be taken back nevertheless
      return command == 'SREM' and run(command, ...) or deadlines
    elseif command ~= 'SMISMEMBER' then
      return is_over(deadlines[1]) and 0 or run(command, ...)
    end
    local reply = run(command, ...)
    for at = 1, #reply do
      reply[at] = is_over(deadlines[at]) and 0 or reply[at]
    end
    return reply
  end
end
