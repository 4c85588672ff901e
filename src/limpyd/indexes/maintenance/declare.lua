#!lua flags=allow-oom
-- Replies with the catalog of a model: its epoch, and its indexes that are not built. Updates it to what is declared,
-- if it may.
--
-- The catalog is a hash. It has a field for each index, under the index's name: the signature of the index if it is
-- built; `-` if it must be built, since it lacks objects, or has them in another form. A process that does not declare
-- an index does not update it when it writes. So an index that is no longer declared must be built when it is declared
-- again. The progress of a rebuild is under `rebuilding:` and the name (see indexes/maintenance/rebuild.lua). Names
-- that begin with a colon are of no index:
--   :epoch       a random text, which each change of what is built, being built or declared replaces; so a process that
--                knows the epoch knows the catalog (see lua/library/guard.lua)
--   :partitions  the number of partitions, if there are several (see lua/library/mint.lua and
--                indexes/maintenance/record_partitions.lua); negative while objects are moved to another number, so that
--                only movers may write (see limpyd.repartitioning)
--   :closed      the time at which it became negative, in milliseconds
--   :keys        the prefixes of all keys of objects that any process has ever declared
--   :lapses:…    an index of values that lapse, by any declaration ever (see scripts/sweep_values.lua)
--   :references  the references of other models to this one that any process has ever declared (see
--                lua/library/catalog_records.lua)
--
-- KEYS   1  the set of primary keys
--        2  the catalog
-- ARGV   1  '1' if the catalog may be changed
--        2  '1' if an index that the catalog does not have counts as built
--        3  a new random epoch
--        4  the number of partitions of the model
--        5  '1' if that number has just been compared with the record of the model
--        6  a count of prefixes of keys of objects, and those
--        …  a count of references to other models, and for each:
--             catalog  the catalog of the other model
--             name     the model and the field that refer
--             facts    five facts for lua/library/catalog_records.lua: the kind and the key of the index that finds the
--                      objects that refer, the set of primary keys and the catalog of the model that refers, the name
--                      of the index there
--        …  for each declared index its name and its signature; then the same of records of values that lapse
-- Reply  1  the epoch, '' if there is none
--        2  1 if the catalog is as declared, else 0
--        3  0 if an index counts as built only because there are no objects yet, and the first object may come without
--           a change of the epoch; else 1
--        …  the names of the indexes that are not built
--        or 'partitions' and their number, if the model has another number of partitions
--        or 'unrecorded', if nothing is known of this partition, so that its number would be recorded, and it was not
--           compared right before: the server may have been flushed since

local may_write, entries = ARGV[1] == '1', redis.pcall('HGETALL', KEYS[2])
if entries.err then
  local mistyped = string.find(entries.err, 'WRONGTYPE', 1, true)
  return redis.error_reply(mistyped and 'WRONGTYPE the key ' .. KEYS[2] .. ' should be a hash; rename or delete it' or entries.err)
end
local empty = redis.call('SCARD', KEYS[1]) == 0
local known, declared, unbuilt, changes = {}, {}, {}, {}
local certain = true

for at = 1, #entries, 2 do
  known[entries[at]] = entries[at + 1]
end
local recorded = known[':partitions'] or '1'
if recorded ~= ARGV[4] then
  if known[':partitions'] or not empty or (tonumber(ARGV[4]) or 0) <= 1 then
    return { 'partitions', recorded }
  end
  if may_write and ARGV[5] ~= '1' then
    return { 'unrecorded' }
  end
  changes[':partitions'] = ARGV[4]
end
local epoch = known[':epoch']
local trusted = ARGV[2] == '1' and not epoch

local last_key = 6 + ARGV[6]
local last_reference = last_key + 1 + 7 * ARGV[last_key + 1]
for at = last_reference + 1, #ARGV, 2 do
  local name, signature = ARGV[at], ARGV[at + 1]
  declared[name] = signature
  if string.byte(name) == 58 then -- a colon
    changes[name] = known[name] ~= signature and signature or nil
  elseif known[name] == '-' or known[name] ~= signature and not empty and not trusted then
    unbuilt[#unbuilt + 1] = name
    changes[name] = known[name] ~= '-' and '-' or nil
  elseif known[name] ~= signature then
    changes[name] = signature
    certain = not epoch -- whoever writes the first object begins an epoch
  end
end

if not (epoch or empty or trusted) and 2 * #unbuilt < #ARGV - last_reference then
  certain = false -- somebody removed the epoch of what is built
end

for name, value in pairs(known) do
  if string.sub(name, 1, 11) == 'rebuilding:' then
    if declared[string.sub(name, 12)] ~= cmsgpack.unpack(value).signature then
      changes[name] = ''
    end
  elseif string.sub(name, 1, 1) ~= ':' and not declared[name] and value ~= '-' then
    changes[name] = empty and '' or '-'
  end
end

-- Adds what keys begin with to those that are known; whether some are new.
local function add_keys()
  local keys, found, added = known[':keys'] and cmsgpack.unpack(known[':keys']) or {}, {}, false
  for each = 1, #keys do
    found[keys[each]] = true
  end
  for at = 7, last_key do
    if not found[ARGV[at]] then
      keys[#keys + 1], added = ARGV[at], true
    end
  end
  changes[':keys'] = added and cmsgpack.pack(keys) or nil
end

-- Notes the references where deletions look for them; whether all were known.
local function add_references()
  local all_known = true
  for at = last_key + 2, last_reference, 7 do
    local held = redis.call('HGET', ARGV[at], ':references')
    local references = held and cmsgpack.unpack(held) or {}
    local facts = { unpack(ARGV, at + 2, at + 6) }
    local same = references[ARGV[at + 1]] and table.concat(references[ARGV[at + 1]], '\0') == table.concat(facts, '\0')
    if not same and may_write then
      references[ARGV[at + 1]] = facts
      redis.call('HSET', ARGV[at], ':references', cmsgpack.pack(references))
    end
    all_known = all_known and same
  end
  return all_known
end

add_keys()
local as_declared = add_references() and epoch and next(changes) == nil
if may_write and not as_declared then
  for name, value in pairs(changes) do
    if value == '' then
      redis.call('HDEL', KEYS[2], name)
    else
      redis.call('HSET', KEYS[2], name, value)
    end
  end
  epoch = ARGV[3]
  redis.call('HSET', KEYS[2], ':epoch', epoch)
  as_declared, certain = true, true
end
return { epoch or '', as_declared and 1 or 0, certain and 1 or 0, unpack(unbuilt) }
