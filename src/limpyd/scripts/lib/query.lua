-- Finds the primary keys that all leaves of a query agree on.
--
-- It starts from the leaf with the fewest entries and asks the others about those only, so that the
-- cost follows the smallest leaf, not the size of the collection.
--
-- What ARGV says: a count of leaves, each a kind, a key and a counted list of texts:
--   eq    the start of the sets' names, and the ends of them: in any of these sets
--   uniq  a hash, and some of its sub-keys: the owner of any of these values
--   pk    the set of all, and some primary keys: any of these that exist

local call = redis.call

local function keys_of_found(found)
  local list = {}
  for pk in pairs(found) do
    list[#list + 1] = pk
  end
  return list
end

local leaf_kinds = {
  eq = {
    prepare = function(leaf)
      leaf.size = 0
      for i, ending in ipairs(leaf.texts) do
        leaf.texts[i] = leaf.key .. ending
        leaf.size = leaf.size + call('SCARD', leaf.texts[i])
      end
    end,
    list = function(leaf)
      if #leaf.texts == 1 then
        return call('SMEMBERS', leaf.texts[1])
      end
      local found = {}
      for _, key in ipairs(leaf.texts) do
        for _, pk in ipairs(call('SMEMBERS', key)) do
          found[pk] = true
        end
      end
      return keys_of_found(found)
    end,
    has = function(leaf, pk)
      for _, key in ipairs(leaf.texts) do
        if call('SISMEMBER', key, pk) == 1 then
          return true
        end
      end
      return false
    end,
  },
  uniq = {
    prepare = function(leaf)
      leaf.found = {}
      leaf.size = #leaf.texts
      for _, value in ipairs(leaf.texts) do
        local pk = call('HGET', leaf.key, value)
        if pk then
          leaf.found[pk] = true
        end
      end
    end,
    list = function(leaf)
      return keys_of_found(leaf.found)
    end,
    has = function(leaf, pk)
      return leaf.found[pk]
    end,
  },
  pk = {
    prepare = function(leaf)
      leaf.found = {}
      leaf.size = #leaf.texts
      for _, pk in ipairs(leaf.texts) do
        if call('SISMEMBER', leaf.key, pk) == 1 then
          leaf.found[pk] = true
        end
      end
    end,
    list = function(leaf)
      return keys_of_found(leaf.found)
    end,
    has = function(leaf, pk)
      return leaf.found[pk]
    end,
  },
}

-- The leaves that ARGV holds from a position on, and the position after them.
local function read_leaves(at)
  local leaves = {}
  local count = tonumber(ARGV[at])
  at = at + 1
  for i = 1, count do
    local leaf = { kind = leaf_kinds[ARGV[at]], key = ARGV[at + 1], texts = {} }
    local texts = tonumber(ARGV[at + 2])
    for text = 1, texts do
      leaf.texts[text] = ARGV[at + 2 + text]
    end
    leaf.kind.prepare(leaf)
    leaves[i] = leaf
    at = at + 3 + texts
  end
  return leaves, at
end

-- All primary keys that match; or, with a limit of 1 or more, at most so many.
local function find(leaves, limit)
  table.sort(leaves, function(a, b)
    return a.size < b.size
  end)
  local matching = {}
  for _, pk in ipairs(leaves[1].kind.list(leaves[1])) do
    local all = true
    for at = 2, #leaves do
      if not leaves[at].kind.has(leaves[at], pk) then
        all = false
        break
      end
    end
    if all then
      matching[#matching + 1] = pk
      if #matching == limit then
        break
      end
    end
  end
  return matching
end
