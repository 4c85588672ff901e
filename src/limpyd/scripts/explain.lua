#!lua flags=no-writes
-- Tells how a query would be answered.
--
-- KEYS   as for scripts/find.lua
-- ARGV   the query (see lua/library/query_request.lua)
-- Reply  how many objects there are; which conditions it would start from, by their numbers in the order of ARGV,
--        or 0 if from all objects; how it would be put in order (see lua/library/ordering.lua), or ''; of each
--        condition about how many objects meet it, or -1 if that is not known, and about how many entries are looked at
--        to find them; and by which conditions it would be gone through in chunks, and 1 if it would be listed at once
--        for that
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
