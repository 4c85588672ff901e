reply = call('SADD', at, pk)
if reply == 0 then outcome = { 'taken' } break end
if reply ~= 1 then failed = reply break end
listed = true
