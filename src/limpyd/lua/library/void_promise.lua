-- Looks at a guard that is a promise of another partition (see lua/library/guard.lua), and notes what was promised.
-- @optional promises
-- @requires is_continued
-- @provides void_promise

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

local kinds = { [0] = outdated_claim, has_tomb, outdated_checks } -- by the first byte

-- Returns what is void of a guard; nothing if the promise holds.
local function void_promise(meta, epoch)
  local promised = string.sub(meta, 2)
  if meta == '\0' then
    return outdated_claims(epoch) and 'claims' or nil
  end
  return kinds[string.byte(meta)](promised, epoch) and promised or nil
end
