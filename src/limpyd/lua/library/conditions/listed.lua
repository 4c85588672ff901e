-- Condition: membership in a set, list or sorted set. Members that are not objects are left out.
-- @requires as_set ask_for call conditions conditions.all distinct gone keep_existing keep_in scan_entries scan_set
-- @provides conditions.listed

local FEW = 8 -- up to this many are looked up by LPOS; for more the list is read once

local CARDS = { list = 'LLEN', set = 'SCARD', zset = 'ZCARD' }

local function keep_asking(command, key, pks)
  local replies, kept = ask_for(command, key, pks), {}
  for at = 1, #replies do
    if replies[at] and replies[at] ~= 0 then
      kept[#kept + 1] = pks[at]
    end
  end
  return kept
end

-- Returns the type of a key that holds primary keys.
local function type_of_list(key, is_stored)
  local kind = call('TYPE', key).ok
  if kind == 'none' then
    gone = gone or is_stored
  elseif is_stored and kind ~= 'list' then
    error({ err = 'WRONGTYPE limpyd: ' .. key .. ' is not a stored collection, but a ' .. kind })
  elseif not CARDS[kind] then
    error({ err = 'WRONGTYPE limpyd: ' .. key .. ' is not a set, list or sorted set of primary keys, but a ' .. kind })
  end
  return kind
end

function conditions.listed(at)
  local key, is_stored = ARGV[at], ARGV[at + 1] == '1'
  local kind = type_of_list(key, is_stored)
  if kind == 'list' and ARGV[at + 1] == 'found' then
    return conditions.all(), at + 3
  end
  local size = CARDS[kind] and call(CARDS[kind], key) or 0
  local can_intersect = kind == 'set' and ARGV[at + 2] == '1'
  local pks, members
  local function list()
    if not pks and kind == 'set' then
      pks = can_intersect and call('SINTER', key, KEYS[1]) or keep_existing(call('SMEMBERS', key))
    elseif not pks and kind == 'list' then
      pks = keep_existing(distinct(call('LRANGE', key, 0, -1)))
    elseif not pks then
      pks = kind == 'zset' and keep_existing(call('ZRANGE', key, 0, -1)) or {}
    end
    return pks
  end
  local node = { key = key, size = size, cost = size, list = list }
  if kind == 'set' or kind == 'zset' then
    node.set = can_intersect and key or nil
    node.is_foreign = true
    function node.keep(some)
      return keep_existing(keep_asking(kind == 'set' and 'SMISMEMBER' or 'ZMSCORE', key, some))
    end
    function node.scan(cursor, count)
      if kind == 'set' then
        local found, after, looked = scan_set(key, cursor, count)
        return keep_existing(found), after, looked
      end
      local found, after = scan_entries(key, 0, size - 1, cursor, count)
      return keep_existing(found), after, #found
    end
    return node, at + 3
  end
  node.ordered = is_stored and kind == 'list'
  function node.keep(some)
    if pks or #some > FEW or kind ~= 'list' then
      members = members or as_set(list())
      return keep_in(members, some)
    end
    local kept = {}
    for number = 1, #some do
      if call('LPOS', key, some[number]) then
        kept[#kept + 1] = some[number]
      end
    end
    return keep_existing(kept)
  end
  return node, at + 3
end
