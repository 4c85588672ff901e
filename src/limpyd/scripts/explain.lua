#!lua flags=no-writes
-- Tells how a query would be answered.
--
-- KEYS   as for find.lua
-- ARGV   the query (see library/answer)
-- Reply  how many objects there are; which conditions it would start from, by their numbers in the order of ARGV,
--        or 0 if from all objects; how it would be put in order (see library/ordering), or ''; and of each condition about how
--        many objects meet it, or -1 if that is not known
-- @guarded
-- @requires all_conditions call gone make_sorting read_request replying

return replying(function()
  local request = read_request()
  if gone then
    return { ok = 'GONE' }
  end
  local node = request.node
  local way = #request.keys > 0 and make_sorting().way_of(node, request.keys, request.limit) or ''
  local sizes = {}
  for number = 1, #all_conditions do
    sizes[number] = all_conditions[number].size or -1
  end
  local numbers = {}
  local function note_start(part)
    if part.driver then
      note_start(part.driver)
    elseif part.joined then
      for _, each in ipairs(part.joined) do
        numbers[#numbers + 1] = each.number
      end
    elseif part.either then
      for _, each in ipairs(part.either) do
        note_start(each)
      end
    else
      numbers[#numbers + 1] = part.size and part.number or 0
    end
  end
  note_start(node)
  return { call('SCARD', KEYS[1]), numbers, way, sizes }
end)
