-- Creates an object, all of whose values are known. A key of its that holds something already is neither taken over nor
-- overwritten: the object is refused.
--
-- The statement compiled for a model is statements/lua/create.lua.
--
-- KEYS   1  the set of primary keys
--        2  the last automatic primary key if the key is to be minted, else the set again
-- ARGV   from a position on:
-- @layout NewObject
--    1 pk           its primary key, or '' to mint it
--    2 hash_prefix  the prefix of its hash
--    3 unset        the prefixes of its other keys that get no value: a count, and those
--      texts        the sub-keys and values for the hash, in turn: a count, and those
--      strings      values with keys of their own: a count, and for each
--          prefix  the prefix of its key
--          value   the value
--      members      values of many members: a count, and for each
--          prefix   the prefix of its key
--          command  the command that stores it
--          args     the arguments that follow its key: a count, and those
-- @end
-- To the end index entries follow, each a kind, a key and an entry (see lua/library/add_entry.lua).
-- @requires add_entry call current_key key_from_template mint refuse undo_with
-- @provides create

local function must_be_free(key)
  if call('EXISTS', key) == 1 then
    refuse('occupied', key, call('TYPE', key).ok)
  end
end

-- Adds the object to the set of primary keys; returns its primary key.
local function claim_pk(pk)
  if KEYS[2] and KEYS[2] ~= KEYS[1] then
    return mint()
  end
  current_key = KEYS[1]
  if call('SADD', KEYS[1], pk) == 0 then
    refuse('taken')
  end
  undo_with('SREM', KEYS[1], pk)
  return pk
end

local function store_strings(first_string, last_string, pk)
  for string_at = first_string, last_string, 2 do
    -- @reads NewString string_at
    local prefix, value = ARGV[string_at], ARGV[string_at + 1]
    -- @end
    local key = key_from_template(prefix, pk)
    current_key = key
    if not call('SET', key, value, 'NX') then
      refuse('occupied', key, call('TYPE', key).ok)
    end
    undo_with('DEL', key)
  end
end

-- Stores the members of some fields, which are in ARGV from a position on; returns the position after them.
local function store_members(at, count, pk)
  for _ = 1, count do
    -- @reads NewMembers at
    local prefix, command = ARGV[at], ARGV[at + 1]
    local first_arg, last_arg = at + 3, at + 2 + ARGV[at + 2]
    -- @end
    local key = key_from_template(prefix, pk)
    must_be_free(key)
    current_key = key
    -- In slices of whole pairs and triples, as HSET and GEOADD take them.
    for first = first_arg, last_arg, 996 do
      call(command, key, unpack(ARGV, first, math.min(first + 995, last_arg)))
      if first == first_arg then
        undo_with('DEL', key)
      end
    end
    at = last_arg + 1
  end
  return at
end

-- Creates the object that is in ARGV from a position on; `number` is that of its first index entry, 0 by default.
local function create(at, number)
  -- @reads NewObject at
  local pk, hash_prefix = ARGV[at], ARGV[at + 1]
  local first_unset, last_unset = at + 3, at + 2 + ARGV[at + 2]
  local first_text, last_text = last_unset + 2, last_unset + 1 + ARGV[last_unset + 1]
  local first_string, last_string = last_text + 2, last_text + 1 + 2 * ARGV[last_text + 1]
  local member_count, first_member = tonumber(ARGV[last_string + 1]), last_string + 2
  -- @end
  pk = claim_pk(pk)
  local hash = key_from_template(hash_prefix, pk)
  must_be_free(hash)
  for unset = first_unset, last_unset do
    must_be_free(key_from_template(ARGV[unset], pk))
  end

  current_key = hash
  -- In slices: Lua cannot unpack thousands of arguments at once.
  for first = first_text, last_text, 1000 do
    call('HSET', hash, unpack(ARGV, first, math.min(first + 999, last_text)))
    undo_with('DEL', hash)
  end

  store_strings(first_string, last_string, pk)
  at = store_members(first_member, member_count, pk)

  number = number or 0
  for entry_at = at, #ARGV, 3 do
    add_entry(ARGV[entry_at], ARGV[entry_at + 1], ARGV[entry_at + 2], pk, number, ARGV[entry_at + 2])
    number = number + 1
  end
  return pk
end
