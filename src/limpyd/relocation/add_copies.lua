#!lua
-- Adds copies of objects to the partition where they belong, with their index entries, and notes their digests. An
-- object that is there already stays as it is.
--
-- If an index refuses an object, for example because another one that has changed since still has its unique value, it
-- is not added; or, at last, it is added without index entries, and no index of the partition counts as built.
--
-- KEYS   1  the set of primary keys
--        2  the catalog
--        3  the digests of the copies
-- ARGV   1  the prefix of all keys of the partition
--        2  a new random epoch
--        3  '1' to add an object that an index refuses without index entries
--        4  a count of names, and the names of all indexes in the catalog
--        …  a count of texts, and for each object its primary key, its digest and its contents
--        …  the keys and indexes of the model (see lua/library/unindex_object.lua)
-- Reply  'ok', the number of objects added, and for each that an index refused its primary key and the outcome; or
--        'transform', 'error', 'broken' (see lua/library/journal.lua), or 'both' and a key that exists without an object
-- @guarded
-- @requires abort atomically call current_key index_object pk_set restore_object transform_request undo_with
-- @requires with_savepoint

local last_name = 4 + ARGV[4]
local first_object, last_object = last_name + 2, last_name + 1 + ARGV[last_name + 1]
local first = last_object + 1
ARGV.promises = false -- the claims of unique values follow

local function add(pk, digest, contents, is_indexed)
  restore_object(KEYS[1], ARGV[1], pk, contents)
  if is_indexed then
    index_object(pk, first, #ARGV)
  end
  current_key = KEYS[3]
  call('HSET', KEYS[3], pk, digest)
  undo_with('HDEL', KEYS[3], pk)
  return true
end

return atomically(function()
  pk_set = KEYS[1]
  local added, refused, is_last = 0, {}, ARGV[3] == '1'
  for at = first_object, last_object, 3 do
    local pk, digest, contents = ARGV[at], ARGV[at + 1], ARGV[at + 2]
    current_key = KEYS[1]
    if call('SISMEMBER', KEYS[1], pk) == 0 then
      local is_added, outcome = with_savepoint(add, pk, digest, contents, true)
      if outcome and (outcome[1] == 'error' or outcome[1] == 'broken' or outcome[1] == 'both') then
        abort(outcome)
      elseif outcome then
        refused[#refused + 1], refused[#refused + 2] = pk, outcome
        is_added = is_last and add(pk, digest, contents, false)
      end
      added = added + (is_added and 1 or 0)
    end
  end
  if is_last and #refused > 0 and not transform_request then
    for at = 5, last_name do
      call('HSET', KEYS[2], ARGV[at], '-')
    end
    call('HSET', KEYS[2], ':epoch', ARGV[2])
  end
  return { 'ok', added, refused }
end)
