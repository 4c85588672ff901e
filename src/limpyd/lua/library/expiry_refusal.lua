-- Refuses the expiry of indexed values: their entries would stay.
-- @requires call current_key expiries_of refuse
-- @provides refuse_expiring

-- Removes the expiry that a value has from its object, since it was not indexed (lua/freed_values.lua); whether it had that.
local function keep(key, when)
  local prefix, pk = string.match(key, '^({[^}]*}[^:]*:)field:[^:.]+:(.*)$')
  local deadline = prefix and call('ZSCORE', prefix .. 'deadline:object', pk)
  return deadline and when == deadline + 1000 and call('PERSIST', key) == 1
end

-- Refuses to index what expires: the value of a key, or of some sub-keys of a hash.
local function refuse_expiring(key, subs)
  current_key = key
  local when, expiring = call('PEXPIRETIME', key), false
  if when < 0 then
    for sub, moment in pairs(expiries_of(key, subs)) do
      when, expiring = moment, sub
    end
  end
  if when > 0 and (expiring or not keep(key, when)) then
    local now = call('TIME')
    local left = when - now[1] * 1000 - math.floor(now[2] / 1000)
    refuse('expiring', string.format('%.0f', math.max(left, 0)), key, expiring)
  end
end
