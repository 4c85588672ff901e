#!lua
-- Gives objects new values; each is all or nothing by itself. Ends at the first object that is refused; objects updated
-- before it stay so.
--
-- KEYS   1  the set of primary keys
-- ARGV   1  '1' to pass over absent objects
--        2  the number of objects
--        3… the fields, then for each object its primary key and its new values (see lua/library/assign.lua)
-- Reply  'ok'; the number of objects updated; the number absent; false, or the position of the refused object (counted
--        from 0), its outcome (see lua/library/journal.lua) and its primary key; or 'transform' or 'promise'
-- @guarded
-- @requires after_object assign atomically give_up_unused_claims read_fields with_savepoint

local function update_one(pk, at)
  assign(pk, at)
  return pk
end

return atomically(function()
  local updated, missing, at = 0, 0, read_fields(3)
  for number = 1, ARGV[2] do
    local done, outcome = with_savepoint(update_one, ARGV[at], at + 1)
    if done then
      updated = updated + 1
    elseif outcome[1] == 'gone' and ARGV[1] == '1' then
      missing = missing + 1
    else
      give_up_unused_claims()
      return { 'ok', updated, missing, { number - 1, outcome, ARGV[at] } }
    end
    at = after_object(at + 1)
  end
  give_up_unused_claims()
  return { 'ok', updated, missing, false }
end)
