-- A part of the beginning of scripts of models whose objects expire (see lua/expiring.lua). An object whose deadline is over
-- is not there, whether its values and index entries are removed already or not: scripts do not find it in the set of
-- primary keys.
local watch_command = false -- called with each command before it runs, in scripts that write (lua/freed_values.lua)

-- Returns a function that runs commands, and finds no object whose deadline is over in the set of primary keys.
local function of_living(run)
  local function is_over(deadline)
    return deadline and deadline + 0 <= now
  end
  local asks = { SISMEMBER = true, SMISMEMBER = true, SREM = true }
  return function(command, ...)
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
