-- An index of texts in order: a sorted set, $key, without scores, of values each with its primary key. In general
-- scripts this is lua/library/index_kinds/lex.lua.

-- [locals]
member$i, added$i, removed$i
-- [remove]
at = $key
reply = call('ZREM', at, string.gsub($old, '%z', '\0\255') .. '\0\0' .. pk)
if type(reply) ~= 'number' then failed = reply break end
removed$i = reply == 1
-- [add]
at, member$i = $key, string.gsub($new, '%z', '\0\255') .. '\0\0' .. pk
reply = call('ZADD', at, 0, member$i)
if type(reply) ~= 'number' then failed = reply break end
added$i = reply == 1
-- [undo add]
if added$i then undo('ZREM', $key, member$i) end
-- [undo remove]
if removed$i then undo('ZADD', $key, 0, string.gsub($old, '%z', '\0\255') .. '\0\0' .. pk) end
