-- A reference: the value is the primary key of an object that must be in the set $key. In general scripts this is
-- lua/library/index_kinds/ref.lua.

-- [check]
at = $key
reply = call('SISMEMBER', at, $new)
if reply == 0 then outcome = { 'absent', $number, $new } break end
if reply ~= 1 then failed = reply break end
