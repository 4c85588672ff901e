-- Stands around all scripts that may change objects of models with a feed of changes (see the module beside it): notes
-- what write commands do to objects, and adds an entry to the feed for each object, in the step that changes it.
--
-- KEYS   the last one is only read here, and taken away: after `changes=` in its name are the settings of each feed, by
--        the prefix of the keys of its model without the number of a partition, as items of a JSON object: the most
--        entries, the sub-key of the version or '', and the names of the fields that are recorded, if not all are
local own_prefix, settings = string.match(KEYS[#KEYS], '^({[^}]*}[^:]*:)changes=(.*):nothing$')
KEYS[#KEYS] = nil
local notes, count_of_notes = {}, 0 -- four items for each: prefix of keys, primary key, what happened, field
local kept_notes = 0 -- the number of those that a refusal does not drop
local departed = '$deleted' -- what happens to objects that are removed
local feeds, mistyped = cjson.decode('{' .. settings .. '}'), false

do -- nothing could be taken back any more when the entries are added
  local number = string.match(own_prefix, '^{.*(:%d+%.?%d*)}') or '' -- that of the partition
  for prefix in pairs(feeds) do
    local key = string.gsub(prefix, '}', number .. '}', 1) .. 'changes'
    local kind = redis.pcall('TYPE', key).ok -- nothing for a key of another slot
    mistyped = kind and kind ~= 'none' and kind ~= 'stream' and key or mistyped
  end
end
if mistyped and not $repairs then -- what repairs a model may remove such a key, and adds nothing to it
  return redis.error_reply('WRONGTYPE the key ' .. mistyped .. ' should be a stream; rename or delete it')
end

-- Returns the feed of the model whose keys have a prefix; false if it has none.
local function feed_of(prefix)
  local feed = feeds[prefix]
  if feed == nil then
    feed = feeds[string.gsub(prefix, '^({.*):%d+%.?%d*}', '%1}')] or false
    feeds[prefix] = feed
  end
  return feed
end

local function note(prefix, pk, what, field)
  local at = 4 * count_of_notes
  notes[at + 1], notes[at + 2], notes[at + 3], notes[at + 4] = prefix, pk, what, field
  count_of_notes = count_of_notes + 1
end

-- Makes what few scripts need: the function that notes what a command has done, whichever it is.
local function make_note_any()
  local WRITES = ' $writes '
  -- Their reply is the number of changes.
  local COUNTING = ' COPY DEL DELIFEQ HDEL HSETEX HSETNX LINSERT LPUSHX LREM MSETNX PFADD RPUSHX SADD SETNX SMOVE SREM '
    .. 'UNLINK XDEL XTRIM ZREM ZREMRANGEBYLEX ZREMRANGEBYRANK ZREMRANGEBYSCORE '
  local EXPIRING = ' EXPIRE EXPIREAT HEXPIRE HEXPIREAT HPERSIST HPEXPIRE HPEXPIREAT PERSIST PEXPIRE PEXPIREAT '
  -- Which arguments are the keys that are written, where it is not the first one.
  local KEYS_OF = { BITOP = 2, COPY = 2, DEL = 'all', LMOVE = 'both', LMPOP = 2, RENAME = 'both', RPOPLPUSH = 'both',
    SMOVE = 'both', SORT = 'last', UNLINK = 'all', ZMPOP = 2 }
  -- The distance of the sub-keys that are written, among the arguments of a command after the key.
  local SUBS = { HDEL = 1, HINCRBY = 2, HINCRBYFLOAT = 2, HMSET = 2, HSET = 2, HSETNX = 2 }

  local function is_among(words, command)
    return string.find(words, ' ' .. command .. ' ', 1, true)
  end

  -- Returns whether a command that sets an expiry has removed a value, since the time is over.
  local function has_removed(command, reply, key)
    if string.sub(command, 1, 1) ~= 'H' then
      return redis.call('EXISTS', key) == 0
    end
    for at = 1, #reply do
      if reply[at] == 2 then
        return true
      end
    end
  end

  -- Returns whether a command replies with the value that was there before, which may be none.
  local function returns_old_value(command, _, _, ...)
    for at = 1, command == 'SET' and select('#', ...) or 0 do
      if select(at, ...) == 'GET' then
        return true
      end
    end
    return command == 'GETSET'
  end

  local function has_changed(reply, command, ...)
    if not is_among(WRITES, command) or type(reply) == 'table' and (reply.err or next(reply) == nil) then
      return false
    elseif is_among(EXPIRING, command) then
      return has_removed(command, reply, ...)
    elseif reply == 0 then
      return not is_among(COUNTING, command)
    end
    return reply ~= false or returns_old_value(command, ...)
  end

  local function note_entries(prefix, pk, command, ...)
    local args, subs = { ... }, SUBS[command]
    if subs then
      for at = 1, #args, subs do
        note(prefix, pk, 'changed', args[at])
      end
      return
    end
    for at = 1, #args do
      if args[at] == 'FIELDS' or args[at] == 'fields' then -- then their number, and each with a value if it is set
        local step = command == 'HSETEX' and 2 or 1
        for sub = at + 2, at + 1 + step * args[at + 1], step do
          note(prefix, pk, 'changed', args[sub])
        end
        return
      end
    end
    note(prefix, pk, 'changed', false)
  end

  -- Notes what a command has done to the object, or objects, of a key, if it has changed something.
  local function note_key(known, key, reply, command, ...)
    local prefix, word, pk = string.match(key, '^({[^}]*}[^:]*:)(%l+):?(.*)$')
    if word ~= 'hash' and word ~= 'field' and word ~= 'pks' then
      return
    elseif not known and not has_changed(reply, command, ...) then
      return
    elseif word == 'hash' then
      note_entries(prefix, pk, command, select(2, ...))
    elseif word == 'field' then
      local version, digits = string.match(pk, '^([^:.]+%.(%d+):)')
      local colon = version and #version + 1 + digits or string.find(pk, ':', 1, true)
      note(prefix, string.sub(pk, colon + 1), 'changed', string.sub(pk, 1, colon - 1))
    elseif command == 'SADD' or command == 'SREM' then
      for at = 2, select('#', ...) do
        note(prefix, (select(at, ...)), command == 'SADD' and 'created' or departed, false)
      end
    end
  end

  return function(reply, command, ...)
    local keys = KEYS_OF[command]
    if not keys then
      note_key(false, (...), reply, command, ...)
    elseif has_changed(reply, command, ...) then
      local last = keys == 'both' and 2 or tonumber(keys) or select('#', ...)
      for at = (keys == 'all' or keys == 'both') and 1 or last, last do
        note_key(true, (select(at, ...)), reply, command)
      end
    end
  end
end

local HASH, VALUE, PKS = 104, 102, 112 -- the first letters of the words after the prefix in keys of objects
local own_length = #own_prefix
-- Commands that write to one key, mostly to an index.
local of_one_key = { HDEL = true, HSET = true, HSETNX = true, INCR = true, INCRBY = true, SADD = true, SREM = true,
  ZADD = true, ZREM = true }
local reads = { EXISTS = true, GET = true, HGET = true, HMGET = true, SISMEMBER = true, TYPE = true, ZSCORE = true }
local note_any = false

-- Notes what a command has done. It knows itself what is frequent: entries of indexes, which are no changes of objects,
-- values in the hash of an object, and new objects.
local function note_change(reply, command, key, ...)
  if of_one_key[command] and type(reply) == 'number' and string.sub(key, 1, own_length) == own_prefix then
    local letter = string.byte(key, own_length + 1)
    if letter ~= HASH and letter ~= VALUE and letter ~= PKS then
      return
    elseif command == 'HSET' and string.sub(key, own_length + 1, own_length + 5) == 'hash:' then
      local pk = string.sub(key, own_length + 6)
      for at = 1, select('#', ...), 2 do
        note(own_prefix, pk, 'changed', (select(at, ...)))
      end
      return
    elseif command == 'SADD' and reply == 1 and select('#', ...) == 1 and key == own_prefix .. 'pks' then
      return note(own_prefix, (...), 'created', false)
    end
  end
  note_any = note_any or make_note_any()
  note_any(reply, command, key, ...)
end

-- Returns a function that runs commands, and notes what they have done.
local function noting(run)
  return function(command, ...)
    local reply = run(command, ...)
    if not reads[command] and ... then
      note_change(reply, command, ...)
    end
    return reply
  end
end

local function run()
  local redis = setmetatable({ call = noting(redis.call), pcall = noting(redis.pcall) }, { __index = redis })
  local pcall_of_lua = pcall

  -- What stops at an error is taken back by whoever catches it; so are its notes.
  local function caught(before, done, ...)
    if not done then
      count_of_notes = before
    end
    return done, ...
  end
  local function pcall(...)
    return caught(count_of_notes, pcall_of_lua(...))
  end

  -- @body
end

local reply = run()
local is_list = type(reply) == 'table' and not reply.ok and not reply.err
local outcome = is_list and reply[1] or 'ok'
if type(reply) == 'table' and reply.err or outcome ~= 'ok' and outcome ~= 'unread' and outcome ~= 'broken' then
  count_of_notes = kept_notes
end
if mistyped or count_of_notes == 0 then
  return reply
end

-- The changes of each object in order.
local found, latest = {}, {}
for at = 1, 4 * count_of_notes, 4 do
  local prefix, pk, what, field = notes[at], notes[at + 1], notes[at + 2], notes[at + 3]
  local feed, object = feed_of(prefix), prefix .. pk
  local last = latest[object]
  local is_gone = last and (last.what == '$deleted' or not last.what)
  if not feed then
    last = false
  elseif what == '$deleted' and last then
    last.what, last.fields = last.what ~= 'created' and what, {} -- nobody has seen what the same step has created
  elseif not last or is_gone and what == 'created' then
    last = { prefix = prefix, pk = pk, what = what, fields = {}, has = {}, feed = feed }
    latest[object], found[#found + 1] = last, last
  elseif what == 'created' then
    last.what = what
  end
  if last and what == 'changed' and not is_gone and not last.has[field] then
    last.has[field] = true
    last.unknown = last.unknown or not field
    if field and field ~= feed.version and (not feed.fields or feed.fields[string.match(field, '^([^:.]+)%.%d+:') or field]) then
      last.fields[#last.fields + 1] = field
    end
  end
end

for _, change in ipairs(found) do
  local prefix, feed = change.prefix, change.feed
  if change.what and (change.what ~= 'changed' or change.fields[1] or change.unknown) then
    local entry = { 'pk', change.pk, 'kind', change.what }
    if change.fields[1] then
      entry[5], entry[6] = 'fields', cjson.encode(change.fields)
    end
    local version = change.what ~= '$deleted' and feed.version ~= '' and redis.pcall('HGET', prefix .. 'hash:' .. change.pk, feed.version)
    if type(version) == 'string' then -- else the hash is of the wrong type
      entry[#entry + 1], entry[#entry + 2] = 'version', version
    end
    redis.call('XADD', prefix .. 'changes', 'MAXLEN', '~', feed.maxlen, '*', unpack(entry))
  end
end
return reply
