-- Makes an object, whose values are all known beforehand. What something else left under its keys
-- is neither taken over nor overwritten.
--
-- KEYS   the set of primary keys; the last automatic one if the key is to be minted (or that set again if not)
-- ARGV   from a position on: the primary key, or '' to mint it; the prefix of its hash; a count
--        of prefixes, and those of its own keys that get no value; a count of texts, and the sub-keys
--        and values for the hash; a count of strings, each a prefix and a value; a count of values of
--        many members, each a prefix, the command that makes it, a count of arguments, and those; and to
--        the end index entries, each a kind, a key and an entry
-- @requires add_entry call mint placed refuse subject_key undo_with
-- @provides create

local function must_be_free(key)
  if call('EXISTS', key) == 1 then
    refuse('occupied', key, call('TYPE', key).ok)
  end
end

local function create(at)
  local pk = ARGV[at]
  if KEYS[2] and KEYS[2] ~= KEYS[1] then
    pk = mint()
  else
    subject_key = KEYS[1]
    if call('SADD', KEYS[1], pk) == 0 then
      refuse('taken')
    end
    undo_with('SREM', KEYS[1], pk)
  end

  local hash = placed(ARGV[at + 1], pk)
  must_be_free(hash)
  local last_unset = at + 2 + ARGV[at + 2]
  for unset = at + 3, last_unset do
    must_be_free(placed(ARGV[unset], pk))
  end

  local texts = tonumber(ARGV[last_unset + 1])
  at = last_unset + 2
  if texts > 0 then
    subject_key = hash
    -- In slices: Lua cannot unpack thousands of arguments at once.
    for first = at, at + texts - 1, 1000 do
      call('HSET', hash, unpack(ARGV, first, math.min(first + 999, at + texts - 1)))
      undo_with('DEL', hash)
    end
    at = at + texts
  end

  local strings_end = at + 2 * ARGV[at]
  for string_at = at + 1, strings_end, 2 do
    local key = placed(ARGV[string_at], pk)
    subject_key = key
    if not call('SET', key, ARGV[string_at + 1], 'NX') then
      refuse('occupied', key, call('TYPE', key).ok)
    end
    undo_with('DEL', key)
  end

  local next_at = strings_end + 2
  for _ = 1, ARGV[strings_end + 1] do
    local key, command, first_arg = placed(ARGV[next_at], pk), ARGV[next_at + 1], next_at + 3
    next_at = first_arg + ARGV[next_at + 2]
    must_be_free(key)
    subject_key = key
    -- In slices of whole pairs and triples, as HSET and GEOADD take them.
    for first = first_arg, next_at - 1, 996 do
      call(command, key, unpack(ARGV, first, math.min(first + 995, next_at - 1)))
      if first == first_arg then
        undo_with('DEL', key)
      end
    end
  end

  local number = 0
  for entry_at = next_at, #ARGV, 3 do
    add_entry(ARGV[entry_at], ARGV[entry_at + 1], ARGV[entry_at + 2], pk, number, ARGV[entry_at + 2])
    number = number + 1
  end
  return pk
end
