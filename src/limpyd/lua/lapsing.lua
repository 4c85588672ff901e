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

  local function is_any_over(prefix, indexes)
    for index in string.gmatch(indexes, '[^,]+') do
      if redis.call('ZRANGEBYSCORE', prefix .. index, '-inf', now, 'LIMIT', 0, 1)[1] then
        return true
      end
    end
  end

  -- Removes values, which rests on no guards; returns nothing, or the error that the script replies with.
  local function error_of_sweep(prefix, most)
    local keys = { prefix .. 'pks', prefix .. 'meta', prefix .. 'nothing' }
    local swept = sweep_values(keys, { most, '0' })
    if swept[1] == 'closed' then
      return 'OUTDATED ' .. prefix .. 'meta'
    elseif swept[1] ~= 'ok' then
      local outcome = swept[1] == 'at' and swept[3] or swept
      return 'ERR a value whose deadline is over could not be removed: ' .. tostring(outcome[2] or outcome[1])
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
    local refused = prefix and is_any_over(prefix, indexes) and error_of_sweep(prefix, most)
    if refused then
      return redis.error_reply(refused)
    end
  end
end
