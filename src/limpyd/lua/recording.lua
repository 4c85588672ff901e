-- Stands around all scripts that may change objects of models with a feed of changes (see the module beside it): notes
-- what write commands do to objects, and adds an entry to the feed for each object, in the step that changes it.
--
-- KEYS   the last one is only read here, and taken away: after `changes=` in its name are the settings of each feed, as netstrings: the prefix of the keys of its
--        model without the number of a partition, the most entries, the sub-key of the version or '', a count of fields,
--        and those; of a count of 0 all fields are recorded
local own_prefix, settings = string.match(KEYS[#KEYS], '^({[^}]*}[^:]*:)changes=(.*)$')
KEYS[#KEYS] = nil
local notes, count_of_notes = {}, 0 -- four items for each: prefix of keys, primary key, what happened, field
local note_change, feed_of = false, false

do
  -- Nothing could be taken back any more when the entries are added.
  local kind = redis.call('TYPE', own_prefix .. 'changes').ok
  if kind ~= 'none' and kind ~= 'stream' then
    return redis.error_reply('WRONGTYPE the key ' .. own_prefix .. 'changes should be a stream; rename or delete it')
  end
end

-- Returns the feeds by the prefixes of keys.
local function read_settings()
  local at, parts, feeds = 1, {}, {}
  while true do
    local _, colon, length = string.find(settings, '^(%d+):', at)
    if not colon then break end
    parts[#parts + 1] = string.sub(settings, colon + 1, colon + length)
    at = colon + length + 1
  end
  at = 1
  while at <= #parts do
    local feed, count = { maxlen = parts[at + 1], version = parts[at + 2] }, tonumber(parts[at + 3])
    for number = 1, count do
      feed.fields = feed.fields or {}
      feed.fields[parts[at + 3 + number]] = true
    end
    feeds[parts[at]] = feed
    at = at + 4 + count
  end
  return feeds
end

-- Makes what is only needed when something is written.
local function make_note_change()
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
  local feeds = read_settings()

  function feed_of(prefix)
    local feed = feeds[prefix]
    if feed == nil then
      feed = feeds[string.gsub(prefix, '^({.*):%d+%.?%d*}', '%1}')] or false
      feeds[prefix] = feed
    end
    return feed
  end

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

  local function note(prefix, pk, what, field)
    local at = 4 * count_of_notes
    notes[at + 1], notes[at + 2], notes[at + 3], notes[at + 4] = prefix, pk, what, field
    count_of_notes = count_of_notes + 1
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
    if word ~= 'hash' and word ~= 'field' and word ~= 'pks' or not feed_of(prefix) then
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
        note(prefix, (select(at, ...)), command == 'SADD' and 'created' or '$deleted', false)
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

-- Returns a function that runs commands, and notes what they have done.
local reads = { EXISTS = true, GET = true, HGET = true, HMGET = true, SISMEMBER = true, TYPE = true, ZSCORE = true }
local function noting(run)
  return function(command, ...)
    local reply = run(command, ...)
    if not reads[command] and ... then
      note_change = note_change or make_note_change()
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
if count_of_notes == 0 or type(reply) == 'table' and reply.err or outcome ~= 'ok' and outcome ~= 'unread' and outcome ~= 'broken' then
  return reply
end

-- The changes of each object in order.
local found, latest = {}, {}
for at = 1, 4 * count_of_notes, 4 do
  local prefix, pk, what, field = notes[at], notes[at + 1], notes[at + 2], notes[at + 3]
  local object = prefix .. pk
  local last = latest[object]
  if what == '$deleted' and last and last.what == 'created' then
    last.what, latest[object] = false, nil -- nobody has seen it
  elseif what == '$deleted' and last then
    last.what, last.fields = what, {}
  elseif not last or last.what == '$deleted' and what == 'created' then
    last = { prefix = prefix, pk = pk, what = what, fields = {}, has = {} }
    latest[object], found[#found + 1] = last, last
  elseif what == 'created' then
    last.what = what
  end
  if what == 'changed' and last.what ~= '$deleted' and not last.has[field] then
    local feed = feed_of(prefix)
    last.has[field] = true
    last.unknown = last.unknown or not field
    if field and field ~= feed.version and (not feed.fields or feed.fields[string.match(field, '^([^:.]+)%.%d+:') or field]) then
      last.fields[#last.fields + 1] = field
    end
  end
end

for _, change in ipairs(found) do
  local prefix, feed = change.prefix, feed_of(change.prefix)
  if change.what and (change.what ~= 'changed' or change.fields[1] or change.unknown) then
    local entry = { 'pk', change.pk, 'kind', change.what }
    if change.fields[1] then
      entry[5], entry[6] = 'fields', cjson.encode(change.fields)
    end
    local version = change.what ~= '$deleted' and feed.version ~= '' and redis.call('HGET', prefix .. 'hash:' .. change.pk, feed.version)
    if version then
      entry[#entry + 1], entry[#entry + 2] = 'version', version
    end
    redis.call('XADD', prefix .. 'changes', 'MAXLEN', '~', feed.maxlen, '*', unpack(entry))
  end
end
return reply
