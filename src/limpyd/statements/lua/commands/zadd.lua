-- ZADD, with scores and members: the reply is the number of new members.

-- [run]
before = call('ZSCORE', at, member)
if type(before) == 'table' then failed = before break end
reply = call('ZADD', at, ARGV[first], member)
if type(reply) ~= 'number' then failed = reply break end
stored, changes, count = true, reply == 1, count + reply
-- [restore]
if changes then undo('ZREM', key, member) elseif stored then undo('ZADD', key, before, member) end
