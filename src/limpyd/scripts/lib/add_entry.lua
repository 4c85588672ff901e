-- Adds an entry to an index.
--
-- ARGV tells of an index its kind, a normal form and a key.
--   eq    sets whose names are the key and then the value
--   uniq  a hash from value to owner
--
-- `number` says which value it is, and `sub` under which sub-key, in case it is refused.

local function add_entry(kind, key, entry, pk, number, value, sub)
  subject_key = key
  if kind == 'eq' then
    key = key .. entry
    subject_key = key
    if call('SADD', key, pk) == 1 then
      undo_with('SREM', key, pk)
    end
  elseif call('HSETNX', key, entry, pk) == 1 then
    undo_with('HDEL', key, entry)
  else
    local owner = call('HGET', key, entry)
    if owner ~= pk then
      refuse('unique', number, value, owner, sub)
    end
  end
end
