-- What a query asks for, as ARGV tells it: what is wanted; how many objects to pass over, and how many to give
-- at the most, 0 for all; a count of further arguments and those; values to be read first (see library/query); sort keys
-- (see library/sorting); columns (see library/rows); the query (see library/query).
-- @requires find make_sorting read_columns read_node read_references read_sort_keys sorting
-- @provides answered read_request

local function read_request()
  local request = { wanted = ARGV[1], offset = tonumber(ARGV[2]), limit = tonumber(ARGV[3]) }
  local at = read_references(5 + ARGV[4])
  request.keys, at = read_sort_keys(at)
  if #request.keys > 0 then
    sorting = sorting or make_sorting()
  end
  request.columns, at = read_columns(at)
  if request.wanted == 'named' then
    table.insert(request.columns, 1, { prefix = '', stored = 'pk', sub = '' })
    request.wanted = 'rows'
  end
  request.node = read_node(at)
  return request
end

-- The primary keys of the page that is asked for.
local function answered(request, cursor)
  local offset, limit, pks = request.offset, request.limit, nil
  local wanted = limit > 0 and offset + limit or 0
  if #request.keys > 0 then
    pks = sorting.sorted(request.node, request.keys, wanted, cursor)
  else
    pks = find(request.node, wanted)
  end
  if offset == 0 and (limit == 0 or #pks <= limit) then
    return pks
  end
  local page = {}
  for position = offset + 1, limit > 0 and math.min(#pks, wanted) or #pks do
    page[#page + 1] = pks[position]
  end
  return page
end
