#!lua flags=allow-oom
-- Deletes objects one after the other, to which objects of other partitions may refer; ends at the first that is absent
-- or refused. If only all of them together need too many changes (see lua/library/changes.lua), it ends early.
--
-- KEYS   1  the set of primary keys
-- ARGV   1  the token by which the deletion has closed the objects, or '' if it has not
--        2  '1' to pass over absent objects
--        3  a count of primary keys, and those
--        …  see lua/library/departure.lua
-- Reply  'ok'; the time; the primary keys of those deleted; of those absent; of those of the latter that have a tomb;
--        false, or the position of the refused object (counted from 0) and its outcome; or 'opened', with nothing
--        changed, if an object is not closed by this deletion; or 'transform', 'error' (see lua/library/journal.lua)
-- @guarded
-- @requires atomically call current_key read_departure record_parts refuse with_savepoint

return atomically(function()
  local last, prefix = 3 + ARGV[3], string.match(KEYS[1], '^{[^}]*}[^:]*:')
  local departure, absent, entombed, stopped = read_departure(last + 1), {}, {}, false

  local function is_closed(pk)
    current_key = prefix .. 'closing'
    return record_parts(call('HGET', current_key, pk)) == ARGV[1]
  end

  for at = 4, last do
    local pk = ARGV[at]
    current_key = KEYS[1]
    if call('SISMEMBER', KEYS[1], pk) == 0 then
      absent[#absent + 1] = pk
      current_key = prefix .. 'tomb'
      if call('HEXISTS', current_key, pk) == 1 then
        entombed[#entombed + 1] = pk
      end
      if ARGV[2] ~= '1' then
        stopped = { at - 4, { 'gone' } }
        break
      end
    elseif ARGV[1] ~= '' and not is_closed(pk) then
      refuse('opened')
    else
      local _, refused = with_savepoint(departure.take, pk)
      if refused then
        stopped = (refused[1] ~= 'large' or at == 4) and { at - 4, refused }
        break
      end
    end
  end
  return { 'ok', departure.leave() or 0, departure.gone, absent, entombed, stopped }
end)
