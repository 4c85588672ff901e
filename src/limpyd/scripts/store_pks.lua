#!lua
-- Stores primary keys that several partitions have found as a list.
--
-- KEYS   1  the list
-- ARGV   1  its time to live in seconds, 0 for none
--        2  the member of an empty list, as Redis has none
--        3… the primary keys
-- Reply  the length of the list; or 'error' (see lua/library/journal.lua)
-- @requires atomically replace_list

return atomically(function()
  local pks = {}
  for at = 3, #ARGV do
    pks[at - 2] = ARGV[at]
  end
  return replace_list(KEYS[1], pks, ARGV[1], ARGV[2])
end)
