#!lua
-- Keeps what a query finds as a list of primary keys.
--
-- KEYS   as for find.lua; the last one is where to keep it
-- ARGV   the query (see lib/answer); the further arguments are how many seconds to keep it, 0 for ever, and what
--        stands for an empty list, since there are none in Redis
-- Reply  how many there are; or GONE (see find.lua)
-- @include calling forms order conditions ranges query walking sorting rows answer

local request = read_request()
if gone then
  return { ok = 'GONE' }
end
local pks, key = answered(request), KEYS[#KEYS]
call('DEL', key)
for first = 1, #pks, SLICE do
  call('RPUSH', key, unpack(pks, first, math.min(first + SLICE - 1, #pks)))
end
if #pks == 0 then
  call('RPUSH', key, ARGV[6])
end
if ARGV[5] ~= '0' then
  call('EXPIRE', key, ARGV[5])
end
return #pks
