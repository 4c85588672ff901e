-- The second part of the beginning of scripts of models with values that lapse (see lua/expiring.lua, and the module beside
-- it): values whose deadline is over are removed with their index entries, in the same step, before the script looks at
-- anything. So no script ever meets one. If they are many, some are removed, and the script is refused: whoever has sent it
-- removes the others in steps, and sends it again. The epoch changes then, so that nothing that was sent later overtakes it.
--
-- KEYS   of those that are never written, those of models with such values have, after `lapses=`, the indexes of deadlines,
--        without the prefix, each followed by a comma; then the most values of each that are removed at once
do
  local function sweep_values(KEYS, ARGV)
    -- @body
  end

  -- Returns whether any deadline is over; or the error that the script replies with.
  local function is_any_over(prefix, indexes)
    for index in string.gmatch(indexes, '[^,]+') do
      local over = redis.pcall('ZRANGEBYSCORE', prefix .. index, '-inf', now, 'LIMIT', 0, 1)
      if over.err then
        local is_mistyped = string.find(over.err, 'WRONGTYPE', 1, true)
        return false, is_mistyped and 'WRONGTYPE the key ' .. prefix .. index .. ' should be a sorted set; rename or delete it' or over.err
      elseif over[1] then
        return true
      end
    end
  end

  -- Returns why a value could not be removed, in words.
  local function reason_of(outcome)
    local message, key, found = tostring(outcome[2] or outcome[1]), outcome[3] or '', outcome[4]
    if key == '' or not string.find(message, 'WRONGTYPE', 1, true) then
      return message
    end
    return 'WRONGTYPE the key ' .. string.gsub(key, '%c', '?') .. ' holds a ' .. found .. ', which is of the wrong type; rename or delete it'
  end

  -- Removes values, which rests on no guards; returns nothing, or the error that the script replies with.
  local function error_of_sweep(prefix, most)
    local keys = { prefix .. 'pks', prefix .. 'meta', prefix .. 'nothing' }
    local swept = sweep_values(keys, { most, '0' })
    if swept[1] == 'closed' then
      return 'OUTDATED ' .. prefix .. 'meta'
    elseif swept[1] ~= 'ok' then
      return 'ERR a value whose deadline is over could not be removed: ' .. reason_of(swept[1] == 'at' and swept[3] or swept)
    elseif swept[3] == 0 or swept[2] == 0 then
      local epoch = redis.call('HGET', prefix .. 'meta', ':epoch')
      if epoch then
        redis.call('HSET', prefix .. 'meta', ':epoch', redis.sha1hex(epoch .. now))
      end
      return 'OUTDATED ' .. prefix .. 'meta'
    end
  end

  for at = 1, #KEYS do
    local prefix, indexes, most = string.match(KEYS[at], '^({[^}]*}[^:]*:)lapses=(.*,)(%d+):')
    local is_over, refused
    if prefix then
      is_over, refused = is_any_over(prefix, indexes)
    end
    refused = is_over and error_of_sweep(prefix, most) or refused
    if refused then
      return redis.error_reply(refused)
    end
  end
end
