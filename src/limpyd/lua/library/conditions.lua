-- The conditions of a query. Each is read from ARGV, and then has
--   size        about how many objects meet it, without looking at them; nil if that would be a look at all
--   list()      the primary keys of those, each once
--   keep(pks)   those of some primary keys, in their order
--   walk        how to go through them in parts (see library/walking), if that can be done
--
-- KEYS[1] is the set of all primary keys.
--
--   all                                     every object
--   eq, scored   prefix, texts              who is in one of the sets, or sorted sets, named prefix .. text
--   uniq         key, texts                 who owns one of the values in a hash
--   pk           key, texts                 these primary keys, if they exist
--   num          key, intervals             who has a number within one of them
--   nums         key, place, checkable, intervals   the same, of fields of many values
--   lex          key, place, checkable, intervals   who has a text within one of them
--   sep                                     as lex, of an index of limpyd 2
--   geo, geos    key, count, arguments      who is where GEOSEARCH with these arguments finds it
--   null         prefix, stored, sub        who has no value there
--   listed       key, stored                who is a member of a set, list or sorted set; `stored` is '1' if it is a stored
--                                           collection, which gives its order, and sets `gone` if it is not there
--
-- texts is a count and those; a place is prefix, stored, sub-key and form; intervals is a count and of each
-- the signs of its ends (`[`, `(` or `-`, and `]`, `)` or `+`; `^` for texts that begin so) and its two ends.
--
-- Functions are made anew for each script that runs, so those that few queries need are in files of their own.
-- @requires call
-- @provides SLICE all_conditions as_set ask_for conditions conditions.all conditions.eq distinct gone in_any keep_in
-- @provides known read_texts

local SLICE = 4000 -- how many arguments Lua can surely pass on at once

local conditions = {}
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

-- What a command replies for each of some members: SMISMEMBER or ZMSCORE.
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

-- The texts that ARGV holds from a position on: a count, and those. One that was to be read may be several, or none.
local function read_texts(at)
  local texts, count = {}, tonumber(ARGV[at])
  for number = at + 1, at + count do
    local text = ARGV[number]
    if type(text) == 'table' then
      for each = 1, #text do
        texts[#texts + 1] = text[each]
      end
    else
      texts[#texts + 1] = text
    end
  end
  return texts, at + count + 1
end

function conditions.all(at)
  local key = KEYS[1]
  return {
    size = call('SCARD', key),
    list = function()
      return call('SMEMBERS', key)
    end,
    keep = function(pks)
      return pks
    end,
    walk = { by = 'SSCAN', key = key },
  },
    at
end

-- Who is in one set, which the server itself can intersect with others.
local function in_set(key)
  return {
    size = call('SCARD', key),
    list = function()
      return call('SMEMBERS', key)
    end,
    keep = function(pks)
      local replies, kept = ask_for('SMISMEMBER', key, pks), {}
      for at = 1, #replies do
        if replies[at] == 1 then
          kept[#kept + 1] = pks[at]
        end
      end
      return kept
    end,
    walk = { by = 'SSCAN', key = key },
    set = key,
  }
end

-- Who is in one of several sets or sorted sets.
local function in_any(keys, card, ask, union)
  local size = 0
  for number = 1, #keys do
    size = size + call(card, keys[number])
  end
  local function list()
    local all = {}
    for first = 1, #keys, SLICE do
      local found = union(keys, first, math.min(first + SLICE - 1, #keys))
      for number = 1, #found do
        all[#all + 1] = found[number]
      end
    end
    return #keys > SLICE and distinct(all) or all
  end
  local function keep(pks)
    if #keys > 1 and size < #keys * #pks then
      return keep_in(as_set(list()), pks)
    end
    local met = {}
    for number = 1, #keys do
      local replies = ask_for(ask, keys[number], pks)
      for at = 1, #replies do
        if replies[at] and replies[at] ~= 0 then
          met[pks[at]] = true
        end
      end
    end
    return keep_in(met, pks)
  end
  return { size = size, list = list, keep = keep }
end

function conditions.eq(at)
  if ARGV[at + 1] == '1' and type(ARGV[at + 2]) == 'string' then
    return in_set(ARGV[at] .. ARGV[at + 2]), at + 3
  end
  local prefix, keys, next_at = ARGV[at], read_texts(at + 1)
  for number = 1, #keys do
    keys[number] = prefix .. keys[number]
  end
  if #keys == 1 then
    return in_set(keys[1]), next_at
  end
  return in_any(keys, 'SCARD', 'SMISMEMBER', function(several, first, last)
    return call('SUNION', unpack(several, first, last))
  end),
    next_at
end

-- What is known from the start.
local function known(pks)
  local set = as_set(pks)
  return {
    size = #pks,
    list = function()
      return pks
    end,
    keep = function(some)
      return keep_in(set, some)
    end,
  }
end
