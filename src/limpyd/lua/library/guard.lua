-- Refuses to run if a model's epoch is not the one that the process knows: the declarations of the model have changed
-- since, so its indexes may not be as the process takes them to be (see indexes/maintenance/declare.lua).
--
-- ARGV ends with guards, which are removed from it:
--   for each model, its catalog and an epoch: the text; '' if there is none; a colon and the set of primary keys if
--   there is none as long as the model has no objects; or an equals sign and the record of a partition, which the
--   catalog is to have if it has any (see limpyd.keys.moving)
--   for each claim of a value a NUL, the key of the index, a NUL and the value; then the nonce, the number of the
--   partition that keeps the claim, and after a space the time of the claim, unless this script makes it; or nothing, if
--   none is needed (see limpyd.claims)
--   for the claims of a chunk of a bulk operation a NUL; then for each value four texts, each after its length in four
--   bytes: the key of the index, the value, the same as above, and the object that has the value, or ''
--   for checks of objects to which the write refers a byte 2, the prefix of the partition of the write, `refers:` and the tag
--   of their model; then as netstrings, for each of their partitions, its tag and the time of the check, the number of
--   those that exist, and these, and the number of those that do not, and these (see limpyd.targets)
--   for the primary keys of new objects a byte 1 and the tombs of their partition; then the keys as netstrings
--   last, the number of guards
ARGV.promises = {}

do -- a script has at most 200 local variables at a time
  local outdated_promise = false

  -- Made on first use: most writes rest on no promise.
  local function make_outdated_promise()
    -- @defers void_promise
    return void_promise
  end

  for _ = 1, table.remove(ARGV) do
    local epoch, meta = table.remove(ARGV), table.remove(ARGV)
    if string.byte(meta) < 3 then
      outdated_promise = outdated_promise or make_outdated_promise()
      local what = outdated_promise(meta, epoch)
      if what then
        return redis.error_reply('OUTDATED ' .. what)
      end
    else
      local current = redis.pcall('HGET', meta, ':epoch')
      if type(current) == 'table' then
        local mistyped = string.find(current.err, 'WRONGTYPE', 1, true)
        return redis.error_reply(mistyped and 'WRONGTYPE the key ' .. meta .. ' should be a hash; rename or delete it' or current.err)
      elseif (current or '') ~= epoch then
        local mark, expected = string.sub(epoch, 1, 1), string.sub(epoch, 2)
        local is_empty = mark == ':' and not current and redis.call('SCARD', expected) == 0
        local is_in_place = mark == '=' and (redis.call('HGET', meta, ':partitions') or expected) == expected
        if not (is_empty or is_in_place) then
          return redis.error_reply('OUTDATED ' .. meta)
        end
      end
    end
  end
end
