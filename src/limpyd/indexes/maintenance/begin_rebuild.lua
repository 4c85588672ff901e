#!lua
-- Begins the rebuild of some indexes. If a rebuild of the same indexes has begun before and has not ended, goes on with
-- it: indexes that are built already are left as they are.
--
-- KEYS   1  the set of primary keys
--        2  the catalog of the model (see indexes/maintenance/declare.lua)
-- ARGV   1  a new random epoch
--        2… for each index its name and its signature
-- Reply  the number of objects; the names of the indexes to rebuild
-- @requires new_rebuild note_rebuild run_of_server state_of_rebuild

local together, run, states, begun = {}, run_of_server(), {}, false
for at = 2, #ARGV, 2 do
  together[#together + 1] = #ARGV[at] .. ':' .. ARGV[at]
end
together = table.concat(together)

for at = 2, #ARGV, 2 do
  local state = run ~= '' and state_of_rebuild(KEYS[2], ARGV[at], ARGV[at + 1], run) or nil
  states[at] = state
  begun = begun or state and state.together == together
end

local reply = { redis.call('SCARD', KEYS[1]) }
for at = 2, #ARGV, 2 do
  if not begun then
    states[at] = states[at] or new_rebuild(ARGV[at + 1], run, together)
    states[at].together = together
    note_rebuild(KEYS[2], ARGV[at], states[at], ARGV[1])
  end
  if states[at] or redis.call('HGET', KEYS[2], ARGV[at]) ~= ARGV[at + 1] then
    reply[#reply + 1] = ARGV[at]
  end
end
return reply
