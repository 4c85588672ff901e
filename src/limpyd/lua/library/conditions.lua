-- The conditions of a query. Each kind is a file in the folder lua/library/conditions. It reads a condition from ARGV,
-- and returns a node:
--   size         about how many objects meet it; nil if only looking at the objects could say
--   cost         about how many entries or objects have to be looked at to list them
--   list()       the primary keys of the objects that meet it, each once
--   keep(pks)    those of the given primary keys that meet it, in the given order
--   scan(cursor, count)
--                goes through the objects in parts: returns some primary keys, the position of the next part, and the
--                number of entries looked at, which is about `count`. `cursor` is a position, '' at the start and the
--                end
--   lists        true if list() serves better than scan, which may be nil then
--   value_count  the number of its values in ARGV, if there may be many
--   untestable   true if keep(pks) has to list all objects that meet it, as only Python can tell the texts of a value
--   ranks()      if its objects are in order in an index: the number of entries before them
--   walk.key     the index or set that it is about
--   ordered      true for a stored collection, which gives the order of the result
--   everyone     true if listing looks at all objects
--
-- KEYS[1] is the set of all primary keys. In ARGV each kind has:
--
--   all                                     every object
--   eq, scored   prefix, texts              membership in one of the sets, or sorted sets, named prefix .. text
--   eqin         prefix, place, texts       the same for sets; a look at the values of an object can test it as well
--   uniq         key, several, texts        the owners of the values in a hash; `several` is '1' if an object may own
--                                           several
--   pk           key, texts                 these primary keys, if they exist
--   num          key, intervals             a number within one of the intervals
--   nums         key, place, tested by, intervals   the same for fields of many values. Tested by `value`: a look at the
--                                           values of an object can test it. If only Python can tell the texts of a
--                                           value, it is `one` or `several`, the number of entries of an object
--   lex          key, place, tested by, intervals   a text within one of the intervals
--   sep                                     as lex, for an index of limpyd 2
--   geo, geos    key, prefix, count, arguments   a place that GEOSEARCH with these arguments finds
--   null         prefix, stored, sub, key   no value in the field; the key is a sorted set of all objects that have one,
--                                           or ''
--   listed       key, stored, joins         membership in a set, list or sorted set. `stored` is '1' for a stored
--                                           collection, which gives the order, and sets `gone` if it does not exist;
--                                           'found' if the members of a list were found before, so that it is not read;
--                                           `joins` is '1' if a command may name the key together with the model's keys
--   via                                     see lua/library/conditions/via.lua
--
-- texts is a count, and the texts; the count ends in a + if there are more, which are not sent. A place is prefix,
-- stored, sub-key and form. intervals is a count, and for each interval two signs (`[`, `(` or `-`, and `]`, `)` or
-- `+`; `^` for texts that begin so) and its two ends.
--
-- Functions are made anew for each script that runs, so functions that few queries need are made inside others.
-- @requires call
-- @provides SLICE all_conditions as_set ask_for combine conditions distinct everything_counted gone keep_in read_count

local SLICE = 4000 -- the most arguments that Lua can surely pass on at once

local conditions = {}
local combine = {}
local all_conditions = {} -- in the order of ARGV
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

-- Reads a count in ARGV, and whether more follow that are not sent.
local function read_count(text)
  local count = tonumber(text)
  if count then
    return count, false
  end
  return tonumber(string.sub(text, 1, -2)), true
end
