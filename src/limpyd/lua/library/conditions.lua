-- The conditions of a query. Each kind is a file of its own, in the folder `conditions`; it is read from ARGV, and then
-- has
--   size        about how many objects meet it, without looking at them; nil if that would be a look at all
--   cost        about how many entries or objects are looked at to list it
--   list()      the primary keys of those who meet it, each once
--   keep(pks)   those of some primary keys that meet it, in their order
--   scan(where, count)
--               goes through it in parts: gives some primary keys, where the next part begins, and how many entries it
--               looked at, which is about `count`; `where` is a text, '' at the start and at the end. It is nil, or
--               `lists` is true, where all would better be listed at once
--   value_count how many values ARGV holds of it, if it may hold many
--   untestable  whether keep(pks) lists all who meet it, since only Python knows what its index keeps of a value
--   ranks()     of those who are in order in one index: how many entries of that come before
--
-- Further: walk.key is the index or set that it is about; `ordered` a stored collection, which gives its order;
-- `everyone` that all objects are looked at to list it.
--
-- KEYS[1] is the set of all primary keys. What ARGV says of each kind:
--
--   all                                     every object
--   eq, scored   prefix, texts              who is in one of the sets, or sorted sets, named prefix .. text
--   eqin         prefix, place, texts       the same of sets, where the values of an object show it as well
--   uniq         key, several, texts        who owns one of the values in a hash; `several` is '1' if one may own
--                several
--   pk           key, texts                 these primary keys, if they exist
--   num          key, intervals             who has a number within one of them
--   nums         key, place, tested by, intervals   the same, of fields of many values; it is tested by `value`, or if
--                only Python
--                                           knows what is kept of that not at all: the index has `one` entry of each,
--                                           or `several`
--   lex          key, place, tested by, intervals   who has a text within one of them
--   sep                                     as lex, of an index of limpyd 2
--   geo, geos    key, prefix, count, arguments   who is where GEOSEARCH with these arguments finds it
--   null         prefix, stored, sub, key   who has no value there; the key is that of a sorted set of all who have
--                one, or ''
--   listed       key, stored, joins         who is a member of a set, list or sorted set; `stored` is '1' if it is a
--                stored
--                                           collection, which gives its order, and sets `gone` if it is not there, and
--                                           'found' if the members of a list were found before, so that it is not read;
--                                           `joins` is '1' if one command may name the key beside those of the model
--   via          see lua/library/conditions/via.lua
--
-- texts is a count and those, with a + behind the count if more would follow that are not sent now; a place is prefix,
-- stored, sub-key and form; intervals is a count and of each the signs of its ends (`[`, `(` or `-`, and `]`, `)` or
-- `+`; `^` for texts that begin so) and its two ends.
--
-- Functions are made anew for each script that runs, so those that few queries need are put into other functions.
-- @requires call
-- @provides SLICE all_conditions as_set ask_for combine conditions distinct everything_counted gone keep_in read_count

local SLICE = 4000 -- how many arguments Lua can surely pass on at once

local conditions = {}
local combine = {}
local all_conditions = {} -- those that were read, in the order of ARGV
local gone = false

local function distinct(pks)
  local seen, found = {}, {}
  for at = 1, #pks do
    if not seen[pks[at]] then
      seen[pks[at]] = true
      found[#found + 1] = pks[at]
    end
  end
  return found
end

local function as_set(pks)
  local set = {}
  for at = 1, #pks do
    set[pks[at]] = true
  end
  return set
end

local function keep_in(set, pks)
  local kept = {}
  for at = 1, #pks do
    if set[pks[at]] then
      kept[#kept + 1] = pks[at]
    end
  end
  return kept
end

-- Returns what a command replies for each of some members: SMISMEMBER or ZMSCORE.
local function ask_for(command, key, pks)
  if #pks <= SLICE then
    return #pks > 0 and call(command, key, unpack(pks)) or {}
  end
  local replies = {}
  for first = 1, #pks, SLICE do
    local some = call(command, key, unpack(pks, first, math.min(first + SLICE - 1, #pks)))
    for at = 1, #some do
      replies[first + at - 1] = some[at]
    end
  end
  return replies
end

local counts = {}

-- Returns the number of objects.
local function everything_counted()
  local key = KEYS[1]
  counts[key] = counts[key] or call('SCARD', key)
  return counts[key]
end

-- A count in ARGV, and whether more would follow.
local function read_count(text)
  local count = tonumber(text)
  if count then
    return count, false
  end
  return tonumber(string.sub(text, 1, -2)), true
end
