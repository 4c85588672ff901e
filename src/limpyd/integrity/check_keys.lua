#!lua flags=allow-oom
-- Checks keys of a model: each must be of its type, belong to an object, and have an expiry or none. Each is checked,
-- and repaired if that is asked for, in one step; a key that is gone is passed over.
--
-- KEYS   1  the set of primary keys
--        2  the catalog of the model (see indexes/maintenance/declare.lua)
-- ARGV   1  the kinds of findings to repair (see lua/library/findings.lua)
--        2… for each key its role, the key, the type that it should have, and a fact. The roles and their facts:
--          value        the primary key of its object, which must exist
--          freed        the same; the key expires a second after the deadline of its object, if it has one, or before
--          indexed      the same; the key must not expire
--          own, index   ''; the key must not expire
--          stored       ''; the key must expire
--          orphan       the name of the index, which is not declared
--          unexplained  ''; there should be no such key
-- Reply  findings: kind, key, primary key or nothing, the type that it has, and
--          half      'nobody' if the model has no objects at all: then the key is not removed
--          mistyped  the type that it should have
-- @guarded
-- @requires call findings note repairs

-- Removes a key; whether it may.
local function remove(kind, key)
  if repairs[kind] then
    call('UNLINK', key)
  end
  return repairs[kind]
end

-- Looks whether the server frees a value after the deadline of its object (lua/freed_values.lua).
local function look_at_deadline(key, pk, found)
  local deadline, at = call('ZSCORE', string.sub(KEYS[1], 1, -4) .. 'deadline:object', pk), call('PEXPIRETIME', key)
  if deadline and (at < 0 or at > deadline + 1000) then
    if repairs.unfreed then
      call('PEXPIREAT', key, string.format('%.0f', deadline + 1000))
    end
    note('unfreed', key, pk, found, false, repairs.unfreed)
  end
end

local function look_at_key(role, key, expected, about)
  local found = call('TYPE', key).ok
  if found == 'none' then
    return
  end
  local pk = (role == 'value' or role == 'freed' or role == 'indexed') and about
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
  if role == 'freed' then
    return look_at_deadline(key, pk, found)
  end
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
