-- SREM: the reply is how many members there were.

-- [run]
reply = call('SREM', at, member)
if type(reply) ~= 'number' then failed = reply break end
changes, count = reply == 1, count + reply
-- [restore]
if changes then undo('SADD', key, member) end
