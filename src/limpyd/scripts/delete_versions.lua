#!lua flags=allow-oom
-- Removes all versions of an object's dynamic field (see lua/library/dynamic_parts.lua), and their index entries.
--
-- KEYS   1  the set of primary keys
-- ARGV   1  the primary key
--        2  the most changes (see lua/library/changes.lua), or ''
--        3… the field, as an `IndexedField` (see lua/library/unindex_object.lua)
-- Reply  'ok', the number of versions; or 'gone', 'large', 'transform', 'error' (see lua/library/journal.lua)
-- @guarded
-- @requires atomically call call_if_supported count_changes current_key each_version inventory_of limit_changes refuse
-- @requires transform_request undo_with unindex_values unlink_versions

return atomically(function()
  local pk, removed = ARGV[1], 0
  current_key = KEYS[1]
  if call('SISMEMBER', KEYS[1], pk) == 0 then
    refuse('gone')
  end
  limit_changes(ARGV[2])
  current_key = inventory_of(ARGV[3], pk)
  -- @reads IndexedField 3
  local first_index, last_index = 6, 5 + 3 * ARGV[5]
  -- @end
  count_changes(call('SCARD', current_key) * (1 + (last_index + 1 - first_index) / 3), pk, nil, current_key)
  unindex_values(3, #ARGV, pk)
  if transform_request then
    return -- what follows cannot be taken back
  end
  local hash, subs = nil, {} -- of the versions that are in the hash of the object
  each_version(ARGV[3], pk, function(key, sub)
    if sub ~= '' then
      hash, subs[#subs + 1] = key, sub
    end
  end)
  current_key = hash or current_key
  for first = 1, #subs, 1000 do
    local last = math.min(first + 999, #subs)
    local values = call('HMGET', hash, unpack(subs, first, last))
    local expires = call_if_supported('HPEXPIRETIME', hash, 'FIELDS', #values, unpack(subs, first, last)) or {}
    undo_with(function()
      for at = 1, #values do
        local sub = subs[first + at - 1]
        if values[at] then
          call('HSET', hash, sub, values[at])
        end
        if expires[at] and expires[at] > 0 then
          call('HPEXPIREAT', hash, expires[at], 'FIELDS', 1, sub)
        end
      end
    end, hash)
    removed = removed + call('HDEL', hash, unpack(subs, first, last))
  end
  removed = removed + unlink_versions(ARGV[3], pk)
  return { 'ok', removed }
end)
