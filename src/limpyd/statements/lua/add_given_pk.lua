-- In statements/lua/create.lua: adds the given primary key to the set of all, unless an object has it already.
reply = call('SADD', at, pk)
if reply == 0 then outcome = { 'taken' } break end
if reply ~= 1 then failed = reply break end
listed = true
