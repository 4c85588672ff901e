-- LPUSH: the reply is the length of the list.

-- [run]
reply = call('LPUSH', at, member)
if type(reply) ~= 'number' then failed = reply break end
changes, count = true, reply
-- [restore]
if changes then undo('LPOP', key) end
