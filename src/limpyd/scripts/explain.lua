#!lua flags=no-writes
-- Explains a query: the conditions that it would start from, and the objects that it would look at.
--
-- KEYS   as for scripts/find.lua
-- ARGV   the query (see lua/library/query_request.lua)
-- Reply  1  the number of objects in the model
--        2  the numbers of the conditions that it would start from, in the order of ARGV; 0 for all objects
--        3  the way that it would sort (see lua/library/ordering.lua), or ''
--        4  for each condition, about how many objects meet it, or -1 if that is not known
--        5  for each condition, about how many entries are read to list those objects
--        6  the numbers of the conditions that it would go through in chunks
--        7  1 if it would list all objects at once for that, else 0
--        or GONE (see scripts/find.lua)
-- @guarded
-- @requires all_conditions call gone make_sorting read_request reply_of

return reply_of(function()
  local request = read_request()
  if gone then
    return { ok = 'GONE' }
  end
  local node = request.node
  local way = #request.keys > 0 and make_sorting().way_of(node, request.keys, request.limit) or ''
  local sizes, costs = {}, {}
  for number = 1, #all_conditions do
    sizes[number] = all_conditions[number].size or -1
    costs[number] = all_conditions[number].cost
  end
  -- The numbers of the conditions from which a part starts, by the one of several that is chosen.
  local function starts(part, chosen, numbers)
    if part[chosen] then
      starts(part[chosen], chosen, numbers)
    elseif part.joined or part.either then
      for _, each in ipairs(part.joined or part.either) do
        starts(each, chosen, numbers)
      end
    else
      numbers[#numbers + 1] = not part.everyone and part.number or 0
    end
    return numbers
  end
  local listed = (node.lists or not node.scan) and not (node.walked or node).ordered and 1 or 0
  local starting, walked = starts(node, 'driver', {}), starts(node, 'walked', {})
  return { call('SCARD', KEYS[1]), starting, way, sizes, costs, walked, listed }
end)
