-- The third part of the beginning of scripts that write to models whose deadlines are renewed by writes (see
-- lua/expiring.lua and lua/freed_values.lua): whatever script writes a value of an object, its deadline is set anew at the
-- end, unless the script was refused, has set the deadline itself, or the object has none, or a later one.
--
-- KEYS   those that are never written have, before the mark of the process, the sub-key of the deadline in the hash of an
--        object of the same partition, and the milliseconds from now

local VALUE_KEY = '^({[^}]*}[^:]*:)([hf][^:]+):(.*)$'
local renewals, written = {}, {} -- by the prefix of keys: the sub-key and the deadline; the objects that are written to
for at = 1, #KEYS do
  local prefix, sub, duration = string.match(KEYS[at], '^({[^}]*}[^:]*:).*renews:([^:]+):(%d+):now%-%x+:nothing$')
  if prefix then
    renewals[prefix], written[prefix] = { sub, string.format('%.0f', now + duration) }, {}
  end
end

-- Notes the object whose value has a key; that of a version of a dynamic field has a part before the primary key.
local function note_object(key)
  local prefix, kind, rest = string.match(key, VALUE_KEY)
  if not renewals[prefix] then
    return
  elseif kind == 'hash' then
    written[prefix][rest] = true
  elseif kind == 'field' then
    local name, pk = string.match(rest, '^([^:]*):(.*)$')
    local length = string.match(name, '%.(%d+)$')
    written[prefix][length and string.sub(pk, length + 2) or pk] = true
  end
end

local watch_value = watch_command

local ONLY_SECOND = ' BITOP COPY LMPOP ZMPOP ' -- commands whose second argument is the key that they write to

function watch_command(command, key, second, ...)
  if command == 'SORT' then -- its last word may be where it stores
    note_object(select('#', ...) > 0 and select(-1, ...) or '')
  elseif is_one_of(ONLY_SECOND, command) then
    note_object(second)
  elseif key and not is_one_of(READS, command) then
    note_object(key)
    if second and is_one_of(SECOND_KEY, command) then
      note_object(second)
    end
  end
  watch_value(command, key, second, ...)
end

local function renew(prefix, pk, sub, deadline)
  local key, before = prefix .. 'deadline:object', deadline_of(prefix, pk)
  local is_set = renewed[prefix] and renewed[prefix][pk] ~= nil
  if before and before > now and before < tonumber(deadline) and not is_set then
    watch_deadlines('ZADD', key, deadline, pk)
    redis.call('ZADD', key, deadline, pk)
    redis.call('HSET', prefix .. 'hash:' .. pk, sub, deadline)
  end
end

local function renew_deadlines(reply)
  if type(reply) == 'table' and reply[1] ~= 'ok' and not reply.ok then
    return -- refused
  end
  for prefix, pks in pairs(written) do
    for pk in pairs(pks) do
      renew(prefix, pk, unpack(renewals[prefix]))
    end
  end
end
