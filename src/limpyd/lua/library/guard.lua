-- Refuses to run if a model's epoch is not the one that the process knows: the declarations of the model have changed
-- since, so its indexes may not be as the process takes them to be (see indexes/maintenance/declare.lua).
--
-- ARGV ends with guards, which are removed from it:
--   for each model, its catalog and an epoch: the text; '' if there is none; a colon and the set of primary keys if
--   there is none as long as the model has no objects
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
-- @requires is_continued
ARGV.promises = {}

do -- a script has at most 200 local variables at a time
  -- Returns whether what a partition promised at a time is void in the partition that a key belongs to.
  local function is_barred(key, by, time)
    local barred = redis.call('HGET', string.match(key, '^{[^}]*}[^:]*:') .. 'barred', by)
    return barred and tonumber(barred) > tonumber(time)
  end

  local function outdated_claim(value, held)
    ARGV.promises[value] = held
    if held ~= '' and not is_continued(string.match(value, '^{[^}]*}[^:]*:') .. 'history') then
      return true -- the partition may lack what it barred, and claims that it keeps
    end
    local number, time = string.match(string.sub(held, 9), '^(%d+) (%d+)$')
    return number and is_barred(value, number, time)
  end

  -- Reads the claims of a chunk; returns whether one is void.
  local function outdated_claims(texts)
    local at = 1
    ARGV.claims_of_chunk = {}
    while at <= #texts do
      local key, value, held, owner
      key, value, held, owner, at = struct.unpack('>I4c0I4c0I4c0I4c0', texts, at)
      local place = key .. '\0' .. value
      if owner ~= '' then
        ARGV.promises[place] = { owner = owner }
      elseif outdated_claim(place, held) then
        return true
      elseif held ~= '' then
        table.insert(ARGV.claims_of_chunk, { key, value, held })
      end
    end
    return false
  end

  local function outdated_checks(key, checks)
    local at = 1
    local function item()
      local colon = string.find(checks, ':', at, true)
      local first, last = colon + 1, colon + string.sub(checks, at, colon - 1)
      at = last + 1
      return string.sub(checks, first, last)
    end
    while at <= #checks do
      local by, time = item(), item()
      if is_barred(key, by, time) then
        return true
      end
      for _, exist in ipairs({ true, false }) do
        for _ = 1, item() do
          ARGV.promises[key .. '\0' .. item()] = exist
        end
      end
    end
  end

  local function has_tomb(tombs, pks)
    local at = 1
    while at <= #pks and redis.call('EXISTS', tombs) == 1 do
      local colon = string.find(pks, ':', at, true)
      local last = colon + string.sub(pks, at, colon - 1)
      if redis.call('HEXISTS', tombs, string.sub(pks, colon + 1, last)) == 1 then
        return true
      end
      at = last + 1
    end
  end

  local outdated = { [0] = outdated_claim, has_tomb, outdated_checks } -- by the first byte

  for _ = 1, table.remove(ARGV) do
    local epoch, meta = table.remove(ARGV), table.remove(ARGV)
    local mark, promised = string.byte(meta), string.sub(meta, 2)
    if meta == '\0' then
      if outdated_claims(epoch) then
        return redis.error_reply('OUTDATED claims')
      end
    elseif outdated[mark] then
      if outdated[mark](promised, epoch) then
        return redis.error_reply('OUTDATED ' .. promised)
      end
    else
      local current = redis.pcall('HGET', meta, ':epoch')
      if type(current) == 'table' then
        local mistyped = string.find(current.err, 'WRONGTYPE', 1, true)
        return redis.error_reply(mistyped and 'WRONGTYPE the key ' .. meta .. ' should be a hash; rename or delete it' or current.err)
      elseif (current or '') ~= epoch then
        local is_empty = not current and string.sub(epoch, 1, 1) == ':' and redis.call('SCARD', string.sub(epoch, 2)) == 0
        if not is_empty then
          return redis.error_reply('OUTDATED ' .. meta)
        end
      end
    end
  end
end
