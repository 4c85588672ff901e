#!lua flags=no-writes
-- Runs a read command within a transaction, if the objects that it reads exist.
--
-- KEYS   for each object that must exist, the set of its primary keys; then the key to read
-- ARGV   for each of these objects, its primary key; then the command, with all its arguments
-- Reply  'ok', the reply of the command; or 'gone', 'rounded', 'error' (see lua/library/journal.lua)
-- @requires atomically call current_key holds_rounded refuse

return atomically(function()
  for number = 1, #KEYS - 1 do
    current_key = KEYS[number]
    if call('SISMEMBER', KEYS[number], ARGV[number]) == 0 then
      refuse('gone', number)
    end
  end
  current_key = KEYS[#KEYS]
  local reply = call(unpack(ARGV, #KEYS))
  if holds_rounded(reply) then
    refuse('rounded')
  end
  return { 'ok', reply }
end)
