#!lua
-- Looks at whether a partition has values that it claimed. If it does not have one whose claim is old, all claims made
-- before a time of the claims' partition are void here from now on; if it has one of an object that does not exist, since
-- its deadline is over, it gives that up.
--
-- KEYS   1  the set of primary keys
--        2  for each partition of claims the time before which its claims are void here
--        3… for each value its index: a hash from values to primary keys
-- ARGV   for each value: the value; the number of the partition that keeps the claim; that of the one which kept it
--        before it moved, or ''; the time of its clock; and '1' if the claim is old
-- Reply  for each value the primary key of the object that has it; nothing if none has
-- @guarded

local call = redis.call

local function raise_bar(by, time)
  if tonumber(time) > tonumber(call('HGET', KEYS[2], by) or '0') then
    call('HSET', KEYS[2], by, time)
  end
end

local owners = {}
for number = 1, #KEYS - 2 do
  local value, home, former, time, is_old = unpack(ARGV, 5 * number - 4, 5 * number)
  local owner = redis.call('HGET', KEYS[number + 2], value)
  owners[number] = owner and call('SISMEMBER', KEYS[1], owner) == 1 and owner
  if not owners[number] and is_old == '1' then
    raise_bar(home, time)
    if former ~= '' then
      raise_bar(former, time)
    end
    if owner then -- else it would be claimed again where claims are restored
      redis.call('HDEL', KEYS[number + 2], value)
      redis.call('HDEL', (string.gsub(KEYS[number + 2], '^({[^}]*}[^:]*:)uniq:', '%1nonce:', 1)), value)
    end
  end
end
return owners
