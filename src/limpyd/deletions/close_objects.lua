#!lua
-- Closes objects for a deletion, or closes them anew, with the present time.
--
-- KEYS   1  the set of primary keys
-- ARGV   1  the token of the deletion
--        2  the object that they go with (see lua/library/deletion_records.lua), or ''
--        3  the primary keys
-- Reply  'ok'; the time; the primary keys of those that exist; of those absent; of those of the latter that have a tomb;
--        or 'busy', a primary key and the record, if another deletion has closed one, with nothing changed; or 'error'
--        (see lua/library/journal.lua)
-- @guarded
-- @requires atomically call close_object current_key tick_clock

return atomically(function()
  local existing, absent, entombed = {}, {}, {}
  for at = 3, #ARGV do
    local pk = ARGV[at]
    current_key = KEYS[1]
    if call('SISMEMBER', KEYS[1], pk) == 1 then
      close_object(ARGV[1], pk, ARGV[2])
      existing[#existing + 1] = pk
    else
      absent[#absent + 1] = pk
      current_key = string.match(KEYS[1], '^{[^}]*}[^:]*:') .. 'tomb'
      if call('HEXISTS', current_key, pk) == 1 then
        entombed[#entombed + 1] = pk
      end
    end
  end
  return { 'ok', tick_clock(), existing, absent, entombed }
end)
