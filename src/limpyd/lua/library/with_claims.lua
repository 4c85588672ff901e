-- A kind of index whose values are unique over several partitions: a partition enters a value only if it has claimed it
-- (see limpyd.claims). Of each value that it has, it knows the nonce of the claim: under `nonce:`, as under `uniq:` the
-- owner. Values that it gave up are listed under `given_up`, each as the nonce, the index, a NUL and the value, until a
-- client removes their claims, unless it keeps these itself. The last claims of other partitions are listed under
-- `recent`, to be given back if those lose them; what is not listed any more is noted under `forgotten`.
-- Where objects move to other partitions, the nonces of their claims go with them: `ARGV.nonces` has those of the values
-- that leave, or that arrive, by the name of the index, a NUL and the value, and `ARGV.leaving_to` the number of the
-- partition that they leave to, if the model is in use (see limpyd.repartitioning).
-- @optional promises
-- @requires ask_for_promise call claim_parts claim_record recent_claim recent_parts refuse undo_with
-- @provides with_claims

local RECENT = 1000 -- more than a partition gets while a replica lags behind

-- Returns the beginning of all keys of the partition, its number, and the name of the index.
local function place_of(key)
  local prefix, number, index = string.match(key, '^({[^}]*:(%d+)[.%d]*}[^:]*:)uniq:(.*)$')
  return prefix, tonumber(number), index
end

-- Lists a claim that another server may lose while this one does not.
local function remember(prefix, recent)
  if call('RPUSH', prefix .. 'recent', recent) > RECENT then
    local keeper, _, time = recent_parts(call('LPOP', prefix .. 'recent'))
    if time > tonumber(call('HGET', prefix .. 'forgotten', keeper) or '0') then
      call('HSET', prefix .. 'forgotten', keeper, time)
    end
  end
  undo_with('RPOP', prefix .. 'recent')
end

local taken_back = {} -- for each value that this script gave up the function that takes its claim back

-- Notes the claim of a value that the partition gets, or asks for it.
local function hold(key, value, pk, entry_number, written, sub)
  local prefix, number, index = place_of(key)
  if not ARGV.promises then
    local nonce = ARGV.nonces and ARGV.nonces[index .. '\0' .. value]
    if nonce then
      call('HSET', prefix .. 'nonce:' .. index, value, nonce)
      undo_with('HDEL', prefix .. 'nonce:' .. index, value)
    end
    return
  end
  local place = key .. '\0' .. value
  local given = ARGV.promises[place]
  if taken_back[place] then
    return taken_back[place]()
  elseif type(given) == 'table' then
    refuse('unique', entry_number, written, given.owner, sub)
  end
  if not given or given == '' then
    return ask_for_promise(key, value, pk)
  end
  local nonce, keeper, time = string.sub(given, 1, 8), string.match(given, '^(%d+) ?(%d*)$', 9)
  if time ~= '' then
    remember(prefix, recent_claim(keeper, nonce, time, index, value))
  else -- the partition keeps the claim itself
    local claims = prefix .. 'claim:' .. index
    local record = call('HGET', claims, value)
    if record and claim_parts(record) ~= number then
      return ask_for_promise(key, value, pk) -- another partition has one, and must be asked
    elseif record then -- of another writer to this partition, which has not written yet: from now on it may not
      call('HSET', prefix .. 'barred', number, call('INCR', prefix .. 'clock'))
    end
    local now = redis.call('TIME')
    call('HSET', claims, value, claim_record(number, nonce, now[1] * 1000 + math.floor(now[2] / 1000)))
    undo_with(record and 'HSET' or 'HDEL', claims, value, record)
  end
  local nonces = prefix .. 'nonce:' .. index
  local before = call('HGET', nonces, value) -- of an owner that does not exist any more
  call('HSET', nonces, value, nonce)
  undo_with(before and 'HSET' or 'HDEL', nonces, value, before)
end

-- Has the claim of a value that leaves, if the partition keeps it itself, name the one that gets the value: else it would
-- take the claim for one of its own writers, and let another object have the value.
local function let_claim_follow(claims, value, number, nonce)
  local record = ARGV.leaving_to and call('HGET', claims, value)
  local by, own_nonce = claim_parts(record)
  if by == number and own_nonce == nonce then
    call('HSET', claims, value, struct.pack('>I2', ARGV.leaving_to) .. string.sub(record, 3))
    undo_with('HSET', claims, value, record)
  end
end

-- Gives up a value, and its claim.
local function give_up(key, value)
  local prefix, number, index = place_of(key)
  local place, nonces, claims = key .. '\0' .. value, prefix .. 'nonce:' .. index, prefix .. 'claim:' .. index
  local given_up = prefix .. 'given_up'
  local nonce = call('HGET', nonces, value)
  if not nonce then
    return
  end
  call('HDEL', nonces, value)
  undo_with('HSET', nonces, value, nonce)
  if not ARGV.promises then
    if ARGV.nonces then
      ARGV.nonces[index .. '\0' .. value] = nonce
      let_claim_follow(claims, value, number, nonce)
    end
    return
  end
  local listed = nonce .. index .. '\0' .. value
  local record = call('HGET', claims, value)
  local by, own_nonce = claim_parts(record)
  local keeps_claim = by == number and own_nonce == nonce
  if keeps_claim then
    call('HDEL', claims, value)
    undo_with('HSET', claims, value, record)
  else
    call('RPUSH', given_up, listed)
    undo_with('RPOP', given_up)
  end

  -- The claim still stands for another object of this partition that gets the value within this script.
  local function take_back()
    if keeps_claim then
      call('HSET', claims, value, record)
      undo_with('HDEL', claims, value)
    else
      call('LREM', given_up, -1, listed)
      undo_with('RPUSH', given_up, listed)
    end
    call('HSET', nonces, value, nonce)
    undo_with('HDEL', nonces, value)
    taken_back[place] = nil
    undo_with(function()
      taken_back[place] = take_back
    end, given_up)
  end
  taken_back[place] = take_back
  undo_with(function()
    taken_back[place] = nil
  end, given_up)
end

local function with_claims(kind)
  local add, remove = kind.add, kind.remove
  return setmetatable({
    batch = false,
    looks_at_owners = true,
    add = function(key, entry, pk, number, value, sub)
      local before = call('HGET', key, entry)
      add(key, entry, pk, number, value, sub)
      if before ~= pk then
        hold(key, entry, pk, number, value, sub)
      end
    end,
    remove = function(key, entry, pk)
      local owner = call('HGET', key, entry)
      remove(key, entry, pk)
      if owner == pk then
        give_up(key, entry)
      end
    end,
  }, { __index = kind })
end
