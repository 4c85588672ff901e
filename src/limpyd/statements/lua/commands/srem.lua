-- SREM: the reply is the number of members removed.

-- [run]
reply = call('SREM', at, member)
if type(reply) ~= 'number' then failed = reply break end
changes, count = reply == 1, count + reply
-- [restore]
if changes then undo('SADD', key, member) end
