-- The third part of the beginning of scripts of models to whose objects, or to what goes with them, others refer, and of
-- those that refer (see lua/expiring.lua, and the module beside it): objects whose deadline is over are removed with all that
-- comes of it, in the same step, before the script looks at anything. So no script ever meets a reference to one. If not all
-- could be removed, the script is refused, as in lua/lapsing.lua; also if they are on their way to another database.
--
-- KEYS   of those that are never written, those of such models have, after `targets=`, for each model whose objects expire
--        the beginning of its keys as a text after its length and a colon; without the hash tag if that is the same
do
  local function sweep_targets(KEYS, ARGV)
    -- @body
  end

  local looked_at = {}

  -- Removes what is over; returns the error that the script replies with if something may be left.
  local function error_of_sweep(own, prefix)
    local deadlines = prefix .. 'deadline:object'
    local over = looked_at[prefix] and {} or redis.pcall('ZRANGEBYSCORE', deadlines, '-inf', now, 'LIMIT', 0, 1)
    looked_at[prefix] = true
    if over.err then
      local is_mistyped = string.find(over.err, 'WRONGTYPE', 1, true)
      return is_mistyped and 'WRONGTYPE the key ' .. deadlines .. ' should be a sorted set; rename or delete it' or over.err
    elseif not over[1] then
      return nil
    end
    local swept = sweep_targets({ prefix .. 'pks', prefix .. 'meta', prefix .. 'nothing' }, { '$most', '0' })
    if swept[1] ~= 'ok' or swept[3] == 0 then
      local epoch = swept[1] ~= 'closed' and redis.pcall('HGET', own .. 'meta', ':epoch')
      if type(epoch) == 'string' then
        redis.call('HSET', own .. 'meta', ':epoch', redis.sha1hex(epoch .. now))
      end
      return 'OUTDATED ' .. own .. 'meta'
    end
  end

  for number = 1, #KEYS do
    local tag, rest = string.match(KEYS[number], '^({[^}]*})([^:]*:.*)$')
    local _, at = string.find(rest or '', ':targets=', 1, true)
    while at do
      local _, colon, length = string.find(rest, '^(%d+):', at + 1)
      if not colon then
        break
      end
      at = colon + length
      local target = string.sub(rest, colon + 1, at)
      local prefix = string.byte(target) == 123 and target or tag .. target -- it begins with a brace
      local refused = error_of_sweep(tag .. string.match(rest, '^[^:]*:'), prefix)
      if refused then
        return redis.error_reply(refused)
      end
    end
  end
end
