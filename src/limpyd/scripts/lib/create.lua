-- Makes an object, whose values are all known beforehand. What something else left under its keys
-- is neither taken over nor overwritten.
--
-- KEYS   the set of primary keys; the last automatic one if the key is to be minted
-- ARGV   from a position on: the primary key, or '' to mint it; the prefix of its hash; a count of
--        texts, and the sub-keys and values for the hash; a count of strings, each a prefix and a
--        value; and to the end index entries, each a kind, a key and an entry

local function create(at)
  local pk = ARGV[at]
  if KEYS[2] then
    pk = mint()
  else
    subject_key = KEYS[1]
    if call('SADD', KEYS[1], pk) == 0 then
      refuse('taken')
    end
    undo_with('SREM', KEYS[1], pk)
  end

  local hash, texts = ARGV[at + 1] .. pk, tonumber(ARGV[at + 2])
  at = at + 3
  if texts > 0 then
    subject_key = hash
    if call('EXISTS', hash) == 1 then
      refuse('occupied', hash, call('TYPE', hash).ok)
    end
    -- In slices: Lua cannot unpack thousands of arguments at once.
    for first = at, at + texts - 1, 1000 do
      call('HSET', hash, unpack(ARGV, first, math.min(first + 999, at + texts - 1)))
      undo_with('DEL', hash)
    end
    at = at + texts
  end

  local strings_end = at + 2 * ARGV[at]
  for string_at = at + 1, strings_end, 2 do
    local key = ARGV[string_at] .. pk
    if not call('SET', key, ARGV[string_at + 1], 'NX') then
      refuse('occupied', key, call('TYPE', key).ok)
    end
    undo_with('DEL', key)
  end

  local number = 0
  for entry_at = strings_end + 1, #ARGV, 3 do
    add_entry(ARGV[entry_at], ARGV[entry_at + 1], ARGV[entry_at + 2], pk, number, ARGV[entry_at + 2])
    number = number + 1
  end
  return pk
end
