#!lua flags=allow-oom
-- Calls a deletion off that is not decided, unless somebody is at it.
--
-- KEYS   1  the objects that are closed
--        2  the tombs
-- ARGV   1  the token of the deletion
--        2  an object that it has closed, perhaps
--        3  the milliseconds after which the process that deletes has ended
-- Reply  'decided'; 'with' and the object that this one goes with (see lua/library/deletion_records.lua); 'young'; or
--        'off', if the deletion has not closed the object, or not any more
-- @guarded
-- @requires record_parts

local function decision_of(record)
  return select(3, record_parts(record))
end

if decision_of(redis.call('HGET', KEYS[2], ARGV[2])) == ARGV[1] then
  return { 'decided' }
end
local token, age, with = record_parts(redis.call('HGET', KEYS[1], ARGV[2]))
if token == ARGV[1] and with ~= '' then
  return { 'with', with }
elseif token == ARGV[1] and age <= tonumber(ARGV[3]) then
  return { 'young' }
elseif token == ARGV[1] then
  redis.call('HDEL', KEYS[1], ARGV[2])
end
return { 'off' }
