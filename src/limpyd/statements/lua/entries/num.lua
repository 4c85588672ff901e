-- An index of numbers, dates or times: a sorted set, $key, of primary keys by value. $score is the score before: for an
-- int or a float the value itself; for other types it is computed from the value, or read. In general scripts this is
-- lua/library/index_kinds/num.lua.

-- [locals]
score$i, changed$i, is_new$i
-- [read score]
at = $key
score$i = call('ZSCORE', at, pk)
if type(score$i) == 'table' then failed = score$i break end
-- [take out]
at = $key
reply = call('ZREM', at, pk)
if type(reply) ~= 'number' then failed = reply break end
changed$i = reply == 1
-- [add]
at = $key
reply = call('ZADD', at, $new, pk)
if type(reply) ~= 'number' then failed = reply break end
changed$i, is_new$i = true, reply == 1
-- [create]
at = $key
reply = call('ZADD', at, 'NX', $new, pk)
if reply == 0 then
  score$i = call('ZSCORE', at, pk)
  reply = type(score$i) == 'table' and score$i or call('ZADD', at, $new, pk)
end
if type(reply) ~= 'number' then failed = reply break end
changed$i, is_new$i = true, not score$i
-- [undo add]
if changed$i and not is_new$i and $score then undo('ZADD', $key, $score, pk) elseif changed$i then undo('ZREM', $key, pk) end
