-- Reads columns of the objects that were found.
--
-- In ARGV is a count of columns, and for each its prefix, how it is stored, and its sub-key. `stored` may also be
--   pk       the primary key
--   score    the score in the sorted set whose name is the prefix
--   related  a reference; the next column is read from the object that it refers to
--   versions   the versions of a dynamic field (see lua/library/dynamic_parts.lua), which the prefix is; the sub-key
--              says how each is stored. The reply has their parts and values in turn
--   stream     a whole stream (see lua/library/stream_column.lua)
--   expiry:…   the moment that such a value expires (see lua/library/expiry_column.lua)
--
-- The reply is flat: the values of the first object, of the second, and so on. A value of many members is a list, as
-- the server replies with it.
-- @requires call key_from_template read_path referred
-- @provides read_columns rows_of

local function read_columns(at)
  local columns, count = {}, tonumber(ARGV[at])
  at = at + 1
  for number = 1, count do
    local column = { prefix = ARGV[at], stored = ARGV[at + 1], sub = ARGV[at + 2] }
    columns[number] = column
    at = read_path(column, at + 3)
  end
  return columns, at
end

local function value_at(stored, key, sub)
  if stored == 'entry' then
    return call('HGET', key, sub)
  elseif stored == 'string' then
    return call('GET', key)
  elseif stored == 'set' then
    return call('SMEMBERS', key)
  elseif stored == 'list' then
    return call('LRANGE', key, 0, -1)
  elseif stored == 'hash' then
    return call('HGETALL', key)
  end
  return call('ZRANGE', key, 0, -1, 'WITHSCORES')
end

local function versions_of(column, pk)
  -- @defers each_version
  local found = {}
  each_version(column.prefix, pk, function(key, sub, part)
    local value = value_at(column.sub, key, sub)
    if value and (type(value) == 'string' or #value > 0) then -- else it has expired
      found[#found + 1] = part
      found[#found + 1] = value
    end
  end)
  return found
end

-- Returns a value of any kind of column; false if there is none.
local function value_of(column, pk)
  if column.stored == 'related' then
    column, pk = referred(column, pk)
    if not pk then
      return false
    end
  end
  local stored = column.stored
  if stored == 'pk' then
    return pk
  elseif stored == 'score' then
    return call('ZSCORE', column.prefix, pk)
  elseif stored == 'versions' then
    return versions_of(column, pk)
  elseif stored == 'stream' then
    -- @defers stream_at
    return stream_at(key_from_template(column.prefix, pk))
  elseif string.byte(stored, 7) == 58 then -- expiry:
    -- @defers expiry_of_column
    return expiry_of_column(column, pk)
  end
  return value_at(stored, key_from_template(column.prefix, pk), column.sub)
end

local function rows_of(pks, columns)
  local subs, prefix, width = {}, nil, #columns
  for number = 1, width do
    local column = columns[number]
    if column.stored == 'entry' and (prefix or column.prefix) == column.prefix then -- those of one hash
      prefix = column.prefix
      subs[#subs + 1] = column.sub
      column.place = #subs
    end
  end
  local rows, filled = {}, 0
  for at = 1, #pks do
    local pk = pks[at]
    local entries = prefix and call('HMGET', key_from_template(prefix, pk), unpack(subs))
    if #subs == width then
      for number = 1, width do
        rows[filled + number] = entries[number]
      end
    else
      for number = 1, width do
        local column = columns[number]
        rows[filled + number] = column.place and entries[column.place] or not column.place and value_of(column, pk)
      end
    end
    filled = filled + width
  end
  return rows
end
