-- The second part of the beginning of scripts that write to models whose objects expire (see lua/expiring.lua): the server
-- frees values by itself, a second after the deadline of their object. It does so with the keys of fields without an index;
-- what is indexed, and the hash, which has the deadline, stay until the object is removed, since the index entries that
-- have to be removed follow from them.
--
-- The script is a function that follows, and at its end the keys that it wrote to get their expiry: whatever was done or
-- taken back, an expiry depends only on the deadline that the object has then. The second makes it sure that no value is
-- missing while the object exists, should the clock be set back a little.

local GRACE = 1000
local READS = ' $reads '
local EXPIRY = ' EXPIRE EXPIREAT PEXPIRE PEXPIREAT PERSIST '
local SECOND_KEY = ' BITOP COPY LMOVE RENAME RENAMENX RPOPLPUSH SMOVE '

local touched = {} -- keys that are written to; of copies the deadline of the object whose value they get, else true
local renewed = {} -- objects whose deadline is set: by the prefix of keys, then by primary key the deadline before, or false
local created = {} -- the prefixes of keys, each with a new primary key

-- Texts stand for sets, and functions are made where they are needed: each script that runs makes all of its tables and
-- functions anew.
local function is_one_of(words, command)
  return string.find(words, ' ' .. command .. ' ', 1, true)
end

-- Returns the prefix of all keys, the field, and the primary key, of the key of a field; nothing for other keys.
local function parts_of(key)
  return string.match(key, '^({[^}]*}[^:]*:)field:([^:.]+):(.*)$') -- a dot is in the names of versions of dynamic fields
end

local function deadline_of(prefix, pk)
  local deadline = redis.pcall('ZSCORE', prefix .. 'deadline:object', pk)
  return type(deadline) == 'string' and tonumber(deadline)
end

-- Returns whether the expiry of a key is that of its object.
local function expires_with_object(key)
  local prefix, _, pk = parts_of(key)
  local deadline = prefix and deadline_of(prefix, pk)
  return deadline and redis.pcall('PEXPIRETIME', key) == deadline + GRACE
end

local function watch_deadlines(command, key, ...)
  local prefix, step = string.sub(key, 1, -16), command == 'ZADD' and 2 or 1
  local args = { ... }
  renewed[prefix] = renewed[prefix] or {}
  for at = args[1] == 'NX' and 3 or step, #args, step do
    local pk = args[at]
    if renewed[prefix][pk] == nil then
      renewed[prefix][pk] = deadline_of(prefix, pk)
    end
  end
end

function watch_command(command, key, second, ...)
  if second and string.byte(second) == 123 and is_one_of(SECOND_KEY, command) then -- it begins with a brace
    local prefix, _, pk = parts_of(key)
    touched[second] = prefix and deadline_of(prefix, pk) or true
  elseif command == 'SORT' and second then -- the last word may be where it stores
    touched[select('#', ...) > 0 and select(-1, ...) or second] = true
  end
  if not key or touched[key] then
    return
  elseif string.find(key, '^{[^}]*}[^:]*:field:') then
    if not is_one_of(READS, command) then
      if is_one_of(EXPIRY, command) and expires_with_object(key) then
        redis.pcall('PERSIST', key) -- the value itself has no expiry
      end
      touched[key] = true
    end
  elseif (command == 'ZADD' or command == 'ZREM') and string.sub(key, -16) == ':deadline:object' then
    watch_deadlines(command, key, second, ...)
  elseif command == 'SADD' and string.find(key, '^{[^}]*}[^:]*:pks$') then
    for _, pk in ipairs({ second, ... }) do
      created[string.sub(key, 1, -4) .. pk] = true
    end
  end
end

-- Gives the keys that the script wrote to their expiry. What cannot get it, such as for lack of a permission, stays until
-- the object is removed.
local function settle_expiries()
  if not next(touched) and not next(renewed) then
    return
  end

  -- Finds the fields whose keys expire with their objects, those that no index is named after, and notes them in the catalog
  -- until its epoch changes; after a hyphen those that had no index once, whose keys may expire still.
  local function find_freed(prefix, epoch, former)
    local meta, freed, indexed = prefix .. 'meta', { epoch }, {}
    for _, index in ipairs(redis.call('HKEYS', meta)) do
      for names in string.gmatch(string.sub(index, 1, 1) == ':' and '' or index, ':(.*)$') do
        for name in string.gmatch(names, '[^+]+') do
          indexed[string.match(name, '^[^.:]*')] = true
        end
      end
    end
    for _, key in ipairs(cmsgpack.unpack(redis.call('HGET', meta, ':keys'))) do
      local _, name, pk = parts_of(key)
      freed[#freed + 1] = pk == '' and not indexed[name] and name or nil
    end
    for name in string.gmatch(former or '', ' %-?([^ ]+)') do
      freed[#freed + 1] = indexed[name] and '-' .. name or nil
    end
    freed[#freed + 1] = ''
    redis.call('HSET', meta, ':freed', table.concat(freed, ' '))
    return table.concat(freed, ' ')
  end

  local freed_fields = {} -- by the prefix of keys: after the epoch, each between spaces

  local function freed_of(prefix)
    if not freed_fields[prefix] then
      local epoch, freed = unpack(redis.call('HMGET', prefix .. 'meta', ':epoch', ':freed'))
      local is_known = freed and epoch and string.sub(freed, 1, #epoch + 1) == epoch .. ' '
      freed_fields[prefix] = is_known and freed or epoch and find_freed(prefix, epoch, freed) or ''
    end
    return freed_fields[prefix]
  end

  -- Has a key expire when its object does, unless a command has set an earlier expiry for the value itself. That is any but
  -- the one that follows from the deadline before; if the index did not have that, all follow from it.
  local function settle_key(key, deadline, before, is_unknown)
    local at, freed_at = redis.call('PEXPIRETIME', key), deadline and deadline + GRACE
    if at == -2 or at == (freed_at or -1) then
      return
    end
    local own = at >= 0 and not is_unknown and at ~= (before and before + GRACE)
    if freed_at and (not own or at > freed_at) then
      redis.call('PEXPIREAT', key, string.format('%.0f', freed_at))
    elseif not freed_at and not own then
      redis.call('PERSIST', key)
    end
  end

  local function settle_objects()
    for prefix, pks in pairs(renewed) do
      for pk, before in pairs(pks) do
        local deadline, is_unknown = deadline_of(prefix, pk), not before and not created[prefix .. pk]
        if (deadline ~= before or is_unknown) and (deadline or redis.call('SISMEMBER', prefix .. 'pks', pk) == 1) then
          for kept, name in string.gmatch(freed_of(prefix), ' (%-?)([^ ]+)') do
            local key = prefix .. 'field:' .. name .. ':' .. pk
            settle_key(key, kept == '' and deadline, before, is_unknown)
            touched[key] = nil
          end
        end
      end
    end
  end

  local function settle_keys()
    for key, before in pairs(touched) do
      local prefix, name, pk = parts_of(key)
      local kept = prefix and string.match(freed_of(prefix), ' (%-?)' .. name .. ' ')
      if kept then
        local deadline = deadline_of(prefix, pk)
        settle_key(key, kept == '' and deadline, before ~= true and before or deadline)
      end
    end
  end

  pcall(settle_objects)
  pcall(settle_keys)
end
