-- A part of the beginning of general scripts of models whose objects or values expire (see lua/expiring.lua): commands that
-- only these scripts know. Each is called with the function that runs others, a hash, and in it a sub-key. For values that
-- lapse, they also have the key of the value, and its sub-key, or ''; the key is '' if there is no object.

-- Returns the deadline of a value; or nothing, and -1 if it has none, -2 if there is no value, or an error.
local function deadline_of_value(run, key, sub, value_key, value_sub)
  local deadline = run('HGET', key, sub)
  if type(deadline) == 'string' then
    return tonumber(deadline)
  end
  local exists = value_sub == '' and run('EXISTS', value_key) or run('HEXISTS', value_key, value_sub)
  return nil, type(exists) == 'table' and exists or exists - 2
end

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
  VALUEPTTL = function(...)
    local deadline, reply = deadline_of_value(...)
    return deadline and math.max(deadline - now, 0) or reply
  end,
  VALUEPEXPIRETIME = function(...)
    local deadline, reply = deadline_of_value(...)
    return deadline or reply
  end,

  -- Returns the milliseconds until a deadline; nothing without one.
  DEADLINELEFT = function(run, key, sub)
    local deadline = run('HGET', key, sub)
    return type(deadline) == 'string' and math.max(tonumber(deadline) - now, 0) or deadline
  end,
}

-- Returns a function that runs commands, also these.
local function of_all(run)
  return function(command, ...)
    local own = own_commands[command]
    if own then
      return own(run, ...)
    end
    return run(command, ...)
  end
end
