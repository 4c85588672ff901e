-- An equality index: sets of primary keys. Their names are $key, then the value. In general scripts this is
-- lua/library/index_kinds/eq.lua.

-- [locals]
added$i, removed$i
-- [remove]
at = $key .. $old
reply = call('SREM', at, pk)
if type(reply) ~= 'number' then failed = reply break end
removed$i = reply == 1
-- [add]
at = $key .. $new
reply = call('SADD', at, pk)
if type(reply) ~= 'number' then failed = reply break end
added$i = reply == 1
-- [undo add]
if added$i then undo('SREM', $key .. $new, pk) end
-- [undo remove]
if removed$i then undo('SADD', $key .. $old, pk) end
