-- An index of numbers, dates or times: a sorted set, $key, of primary keys; the score is the value.

-- [locals]
score$i, changed$i
-- [check]
at = $key
score$i = call('ZSCORE', at, pk)
if type(score$i) == 'table' then failed = score$i break end
-- [check removal]
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
changed$i = true
-- [create]
at = $key
reply = call('ZADD', at, 'NX', $new, pk)
if reply == 0 then
  score$i = call('ZSCORE', at, pk)
  reply = type(score$i) == 'table' and score$i or call('ZADD', at, $new, pk)
end
if type(reply) ~= 'number' then failed = reply break end
changed$i = true
-- [undo add]
if changed$i and score$i then undo('ZADD', $key, score$i, pk) elseif changed$i then undo('ZREM', $key, pk) end
