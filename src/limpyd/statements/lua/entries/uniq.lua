-- An index of unique values: a hash, $key, from the value to its owner. If the owner does not exist, the value is free.
-- In general scripts this is lua/library/index_kinds/uniq.lua.

-- [locals]
owner$i, added$i, removed$i
-- [check]
at = $key
owner$i = call('HGET', at, $new)
if type(owner$i) == 'table' then failed = owner$i break end
if owner$i and owner$i ~= pk then
  reply = call('SISMEMBER', KEYS[1], owner$i)
  if reply == 1 then outcome = { 'unique', $number, $value, owner$i } break end
  if reply ~= 0 then at, failed = KEYS[1], reply break end
end
-- [remove]
at = $key
reply = call('HGET', at, $old)
if reply == pk then
  reply = call('HDEL', at, $old)
  removed$i = reply == 1
end
if type(reply) == 'table' then failed = reply break end
-- [add]
at = $key
reply = call(owner$i and 'HSET' or 'HSETNX', at, $new, pk)
if type(reply) ~= 'number' then failed = reply break end
added$i = true
-- [create]
at = $key
reply = call('HSETNX', at, $new, pk)
if reply == 1 then
  added$i = true
elseif reply == 0 then
  owner$i = call('HGET', at, $new)
  reply = owner$i
  if owner$i ~= pk and type(owner$i) == 'string' then
    at = KEYS[1]
    reply = call('SISMEMBER', at, owner$i)
    if reply == 1 then outcome = { 'unique', $number, $new, owner$i } break end
    if reply == 0 then
      at = $key
      reply = call('HSET', at, $new, pk)
      added$i = reply == 0
    end
  end
end
if type(reply) == 'table' then failed = reply break end
-- [undo add]
if added$i and owner$i then undo('HSET', $key, $new, owner$i) elseif added$i then undo('HDEL', $key, $new) end
-- [undo remove]
if removed$i then undo('HSET', $key, $old, pk) end
