-- In statements/lua/change_members.lua: checks the number of members. In general scripts lua/library/check_size.lua does.

-- [max_members]
at = key
reply = count > 0 and $size or 0
if type(reply) == 'table' then failed = reply break end
if reply > tonumber($limit) then outcome = { 'constraint', 0, false, 'max_members', reply, false } break end
-- [required]
at = key
reply = count > 0 and call('EXISTS', key) or 1
if type(reply) == 'table' then failed = reply break end
if reply == 0 then outcome = { 'constraint', 0, false, 'required', false, false } break end
