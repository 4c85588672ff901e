#!lua flags=no-writes
-- Finds a page of the primary keys of one set, in the order of numbers. The server gave the primary keys.
--
-- KEYS   1  the set
--        2  the last automatic primary key
--        3  the set of all primary keys, if the first may hold others, which are left out
-- ARGV   1  the number of objects to pass over
--        2  the most objects to return
--        3  '1' if from the largest to the smallest
-- Reply  the primary keys
-- @guarded
-- @requires call keep_existing

local FEW = 200 -- so many are sorted in no more time than a walk takes
local offset, limit, down = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3] == '1'
local size = call('SCARD', KEYS[1])
if offset >= size then
  return {}
end

local function in_model(pks)
  return keep_existing(pks, KEYS[3])
end

-- Some of the objects, from one on.
local function page_of(pks)
  local page = {}
  for at = offset + 1, math.min(#pks, offset + limit) do
    page[#page + 1] = pks[at]
  end
  return page
end

local function sorted_by_server()
  if not KEYS[3] then
    return redis.pcall('SORT_RO', KEYS[1], 'LIMIT', offset, limit, down and 'DESC' or 'ASC')
  end
  local pks = redis.pcall('SORT_RO', KEYS[1], down and 'DESC' or 'ASC')
  return pks.err and pks or page_of(in_model(pks))
end

local function walked()
  -- @defers last_minted take_from_walk walk_of_pks
  local last, found, from_end = last_minted(KEYS[2], size), {}, not KEYS[3] and 2 * offset > size
  local wanted = from_end and size - offset or offset + limit
  if not last or wanted * last > size * size then
    return nil
  end
  local step = {
    walk = walk_of_pks(last, true, down ~= from_end, size),
    keeps = KEYS[3] and { in_model } or {},
    ratio = 1,
    most = 2 * size + 100,
  }
  if not take_from_walk(step, found, wanted) then
    return nil
  elseif not from_end then
    return page_of(found)
  end
  local page = {}
  for at = #found, math.max(1, #found - limit + 1), -1 do
    page[#page + 1] = found[at]
  end
  return page
end

return size > FEW and walked() or sorted_by_server()
