#!lua flags=allow-oom
-- Looks at keys of a model: whether each is there still, of the type that it should be of, with an object that it
-- belongs to, and with an expiry or without one. Each is judged, and put right if that is asked, in one step.
--
-- KEYS   the set of primary keys; the hash of what is known of indexes (see indexes/maintenance/declare.lua)
-- ARGV   the kinds to be repaired (see lua/library/findings.lua); and of each key its role, itself, the type that it
--        should have, and:
--          value, indexed   the primary key: the object must be there; what is indexed does not expire
--          own, index       nothing: it does not expire
--          stored           nothing: it expires
--          orphan           the name of the index, which is not declared
--          unexplained      nothing: there should be no such key
-- Reply  findings: kind, key, primary key or nothing, and the type that it has; with 'half', 'nobody' if there are no
--        objects at all, for then it is not removed; with 'mistyped', the type that it should have
-- @guarded
-- @requires call findings note repairs

-- Removes a key; whether it may.
local function remove(kind, key)
  if repairs[kind] then
    call('UNLINK', key)
  end
  return repairs[kind]
end

local function look_at_key(role, key, expected, about)
  local found = call('TYPE', key).ok
  if found == 'none' then
    return
  end
  local pk = (role == 'value' or role == 'indexed') and about
  if role == 'unexplained' then
    return note('unexplained', key, pk, found, false, remove('unexplained', key))
  elseif role == 'orphan' then
    -- Whoever does declare it must not take it for built.
    if repairs.orphan and call('HEXISTS', KEYS[2], about) == 1 then
      call('HSET', KEYS[2], about, '-')
      call('HDEL', KEYS[2], 'rebuilding:' .. about)
    end
    return note('orphan', key, pk, found, false, remove('orphan', key))
  elseif pk and call('SISMEMBER', KEYS[1], pk) == 0 then
    -- Where nobody is there, the set of all may be what was lost.
    local nobody = call('EXISTS', KEYS[1]) == 0
    return note('half', key, pk, found, nobody and 'nobody', not nobody and remove('half', key))
  elseif found ~= expected then
    return note('mistyped', key, pk, found, expected, remove('mistyped', key))
  end
  local expires = call('PEXPIRETIME', key) >= 0
  if role == 'stored' and not expires then
    note('lasting', key, pk, found, false, remove('lasting', key))
  elseif role ~= 'stored' and role ~= 'value' and expires then
    if repairs.expiring then
      call('PERSIST', key)
    end
    note('expiring', key, pk, false, false, repairs.expiring)
  end
end

for at = 2, #ARGV, 4 do
  look_at_key(ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3])
end
return findings
