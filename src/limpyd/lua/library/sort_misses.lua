-- Looks at values that SORT replied nothing for: either there is no value, or the key is of another type.
-- @provides mistyped_in_sort

-- Returns the key of another type, if there is one. The reply is that of SORT with GET of the primary keys and then of
-- columns; the columns' patterns are in ARGV from a position on, each after `GET`.
local function mistyped_in_sort(reply, first)
  local width, columns, empty = (#ARGV - first + 1) / 2 + 1, {}, {}
  for column = 1, width - 1 do
    local pattern = ARGV[first + 2 * column - 1]
    local before, after = string.match(pattern, '^([^*]*)%*(.*)$')
    local in_hash = before and string.match(after, '^(.-)%->')
    columns[column] = before and { before = before, after = in_hash or after, expected = in_hash and 'hash' or 'string' }
  end
  for row = 1, #reply, width do
    local found = {}
    for number = 1, width - 1 do
      local column, value = columns[number], reply[row + number]
      if column then -- it is not the primary key
        local key = column.before .. reply[row] .. column.after
        empty[key] = not found[key] and not value and column.expected or nil
        found[key] = found[key] or value
      end
    end
  end
  for key, expected in pairs(empty) do
    local found = redis.call('TYPE', key).ok
    if found ~= 'none' and found ~= expected then
      return key
    end
  end
  return nil
end
