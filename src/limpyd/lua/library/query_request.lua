-- The beginning of a query in ARGV, before its conditions (see lua/library/query.lua):
-- @layout Query
--    1 wanted      the kind of result, see the script
--    2 offset      the number of objects to pass over
--    3 limit       the most objects to return, 0 for all
--    4 further     further arguments of the script: a count, and those
--      references  values that are read first: a count, and for each
--          at      the position in ARGV where the value is put
--          key     its key
--          stored  how it is stored, see lua/library/values.lua
--          sub     its sub-key, or ''
--          form    the form to compare it in, see lua/library/forms.lua
--          under   a colon and the sub-key under which an index keeps it, or ''
--      keys        sort keys: a count, and for each
--          prefix     the prefix of the value's key, or the sorted set of scores
--          stored     how it is stored, `pk`, `score`, `list` or `related`, or the command that counts members
--          sub        its sub-key, or ''
--          order      the comparison: `number` or `text`
--          desc       1 if from the largest to the smallest
--          missing    the position of objects without a value: `last`, `first` or `nowhere`
--          index_key  the index that is in this order, or ''
--          counter    the last primary key that the server gave, if it gives them, or ''
--      columns     the values to read from each object: a count, and for each
--          prefix  the prefix of its key, or the sorted set of scores
--          stored  how it is stored, or `pk` or `score`
--          sub     its sub-key, or ''
-- @end
-- @requires find make_sorting read_columns read_node read_references read_sort_keys sorting
-- @provides page_of_pks read_request

local function read_request()
  local request = { wanted = ARGV[1], offset = tonumber(ARGV[2]), limit = tonumber(ARGV[3]) }
  local at = read_references(5 + ARGV[4])
  request.keys, at = read_sort_keys(at)
  request.columns, at = read_columns(at)
  if request.wanted == 'named' then
    table.insert(request.columns, 1, { prefix = '', stored = 'pk', sub = '' })
    request.wanted = 'rows'
  end
  request.node = read_node(at)
  request.node.whole = ARGV[at] == 'all'
  return request
end

local FEW = 200 -- up to this many are read at once

-- The order of the stored collection among the conditions, if there is a long one.
local function order_of_stored(node)
  for _, part in ipairs(node.parts or { node }) do
    if part.ordered and part.size > FEW then
      return { { prefix = part.key, stored = 'list', down = false } }
    end
  end
end

-- Returns the primary keys of the page that is asked for.
local function page_of_pks(request, cursor)
  local offset, limit, pks, passed = request.offset, request.limit, nil, 0
  local keys = #request.keys > 0 and request.keys or limit > 0 and order_of_stored(request.node)
  if keys then
    sorting = sorting or make_sorting()
    pks, passed = sorting.sorted(request.node, keys, offset, limit, cursor)
  else
    pks = find(request.node, limit > 0 and offset + limit or 0)
  end
  if offset == passed and (limit == 0 or #pks <= limit) then
    return pks
  end
  local page = {}
  for position = offset - passed + 1, limit > 0 and math.min(#pks, offset - passed + limit) or #pks do
    page[#page + 1] = pks[position]
  end
  return page
end
