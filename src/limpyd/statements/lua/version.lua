-- The version of an object, at the sub-key $sub of its hash. Each update adds 1 to it.

-- [sub]
$sub
-- [locals]
version, counted
-- [check]
if $expected ~= '' and (version or '0') ~= $expected then outcome = { 'stale', version or '0' } break end
-- [write]
at = key
counted = call('HINCRBY', at, $sub, 1)
if type(counted) ~= 'number' then failed, counted = counted, false break end
-- [result]
counted < 2 ^ 53 and counted or call('HGET', key, $sub) -- beyond that Lua rounds
-- [undo]
if counted and version then undo('HSET', key, $sub, version) elseif counted then undo('HDEL', key, $sub) end
