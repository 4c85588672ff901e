-- Adds an entry to an index.
--
-- ARGV has of an index its kind, a form (see library/forms) and a key.
--   eq     sets of primary keys, whose names are the key and then the entry
--   uniq   a hash from entry to owner
--   num    a sorted set of primary keys; the entry is the score
--   nums   a sorted set of `<entry>:<primary key>`; the entry is the score
--   lex    a sorted set of entries, each with its primary key, without scores
--   geo    a sorted set of primary keys by place; the entry is `<longitude>,<latitude>`
--   geos   as nums, by geohash
--   scored sorted sets of primary keys; the entry is `<score>:<the end of the name>`
--   sep    as lex, as limpyd 2 keeps texts: `<entry>:TEXT-RANGE-SEPARATOR:<primary key>`
--   inv    an inventory, the set of the parts of a dynamic field (see library/dynamic_parts); the form, and the entry, is the part
--   ref    nothing is kept: the entry is a primary key of another object, which must be in the set that is the key
--
-- A `!` before the kind says that only one object may have an entry, as limpyd 2 keeps unique fields.
-- `number` says which value it is, and `sub` under which sub-key, in case it is refused. An entry of an object that does
-- not exist, which something other than limpyd left, is replaced.
-- @requires call key_from_template make_sorted_entries owners_of refuse remove_owner sorted_entries subject_key
-- @requires undo_with
-- @provides add_entry owners_set

local owners_set = KEYS[1] -- the primary keys of all objects of the model whose indexes are written

local function add_entry(kind, key, entry, pk, number, value, sub)
  subject_key = key
  if kind == 'eq' then
    key = key .. entry
    subject_key = key
    if call('SADD', key, pk) == 1 then
      undo_with('SREM', key, pk)
    end
  elseif kind == 'inv' then
    key = key_from_template(key, pk)
    subject_key = key
    if call('SADD', key, entry) == 1 then
      undo_with('SREM', key, entry)
    end
  elseif kind == 'ref' then
    if call('SISMEMBER', key, entry) == 0 then
      refuse('absent', number, entry)
    end
  elseif string.byte(kind) == 33 then
    kind = string.sub(kind, 2)
    for _, owner in ipairs(owners_of(kind, key, entry)) do
      if owner ~= pk and call('SISMEMBER', owners_set, owner) == 1 then
        refuse('unique', number, value, owner, sub)
      elseif owner ~= pk then
        remove_owner(kind, key, entry, owner)
      end
    end
    add_entry(kind, key, entry, pk)
  elseif kind ~= 'uniq' then
    sorted_entries = sorted_entries or make_sorted_entries()
    sorted_entries.add(kind, key, entry, pk)
  elseif call('HSETNX', key, entry, pk) == 1 then
    undo_with('HDEL', key, entry)
  else
    local owner = call('HGET', key, entry)
    if owner ~= pk and call('SISMEMBER', owners_set, owner) == 1 then
      refuse('unique', number, value, owner, sub)
    elseif owner ~= pk then
      call('HSET', key, entry, pk)
      undo_with('HSET', key, entry, owner)
    end
  end
end
