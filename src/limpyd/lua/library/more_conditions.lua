-- The conditions that few queries need (see library/conditions).
-- @requires SLICE as_set ask_for call conditions distinct gone in_any keep_in known placed read_texts
-- @provides conditions.listed conditions.null conditions.pk conditions.scored conditions.uniq

local function existing(pks)
  local replies, kept = ask_for('SMISMEMBER', KEYS[1], pks), {}
  for at = 1, #replies do
    if replies[at] == 1 then
      kept[#kept + 1] = pks[at]
    end
  end
  return kept
end

function conditions.scored(at)
  local prefix, keys, next_at = ARGV[at], read_texts(at + 1)
  for number = 1, #keys do
    keys[number] = prefix .. keys[number]
  end
  local condition = in_any(keys, 'ZCARD', 'ZMSCORE', function(several, first, last)
    return call('ZUNION', last - first + 1, unpack(several, first, last))
  end)
  if #keys == 1 then
    condition.walk = { by = 'RANK', key = keys[1] }
    condition.scored = true
    function condition.ranks()
      return 0
    end
  end
  return condition, next_at
end

function conditions.uniq(at)
  local key, owners = ARGV[at], {}
  local texts, next_at = read_texts(at + 1)
  for first = 1, #texts, SLICE do
    local found = call('HMGET', key, unpack(texts, first, math.min(first + SLICE - 1, #texts)))
    for number = 1, #found do
      owners[#owners + 1] = found[number] or nil
    end
  end
  return known(distinct(owners)), next_at
end

function conditions.pk(at)
  local texts, next_at = read_texts(at + 1)
  return known(distinct(existing(texts))), next_at
end

-- What is in a list, set or sorted set: read only when it is needed, and those who are no objects left out.
function conditions.listed(at)
  local key = ARGV[at]
  local kind = call('TYPE', key).ok
  local cards = { list = 'LLEN', set = 'SCARD', zset = 'ZCARD' }
  if kind == 'none' then
    gone = gone or ARGV[at + 1] == '1'
  elseif ARGV[at + 1] == '1' and kind ~= 'list' then
    error({ err = 'WRONGTYPE limpyd: ' .. key .. ' is no stored collection, but a ' .. kind })
  elseif not cards[kind] then
    error({ err = 'WRONGTYPE limpyd: ' .. key .. ' is no set, list or sorted set of primary keys, but a ' .. kind })
  end
  local pks, members
  local function list()
    if not pks and kind == 'list' then
      pks = existing(distinct(call('LRANGE', key, 0, -1)))
    elseif not pks then
      pks = existing(kind == 'set' and call('SMEMBERS', key) or kind == 'zset' and call('ZRANGE', key, 0, -1) or {})
    end
    return pks
  end
  return {
    key = key,
    size = cards[kind] and call(cards[kind], key) or 0,
    existing = existing,
    ordered = ARGV[at + 1] == '1' and kind == 'list',
    list = list,
    keep = function(some)
      members = members or as_set(list())
      return keep_in(members, some)
    end,
  },
    at + 2
end

function conditions.null(at)
  local prefix, stored, sub = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  local in_hash = stored == 'entry' or stored == 'hash'
  local function keep(pks)
    local kept = {}
    for number = 1, #pks do
      local key = placed(prefix, pks[number])
      if (in_hash and call('HEXISTS', key, sub) or call('EXISTS', key)) == 0 then
        kept[#kept + 1] = pks[number]
      end
    end
    return kept
  end
  return {
    keep = keep,
    list = function()
      return keep(call('SMEMBERS', KEYS[1]))
    end,
  },
    at + 3
end
