-- SADD: the reply is the number of new members.

-- [run]
reply = call('SADD', at, member)
if type(reply) ~= 'number' then failed = reply break end
changes, count = reply == 1, count + reply
-- [restore]
if changes then undo('SREM', key, member) end
