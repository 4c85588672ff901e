-- ZREM: the reply is the number of members removed.

-- [run]
before = call('ZSCORE', at, member)
if type(before) == 'table' then failed = before break end
reply = call('ZREM', at, member)
if type(reply) ~= 'number' then failed = reply break end
changes, count = reply == 1, count + reply
-- [restore]
if changes then undo('ZADD', key, before, member) end
