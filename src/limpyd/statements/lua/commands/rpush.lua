-- RPUSH: the reply is the length of the list.

-- [run]
reply = call('RPUSH', at, member)
if type(reply) ~= 'number' then failed = reply break end
changes, count = true, reply
-- [restore]
if changes then undo('RPOP', key) end
