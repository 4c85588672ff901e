-- Reads many new objects from ARGV. Objects with the same fields share a shape, which is in ARGV once.
--
-- ARGV   from a position on:
--          the prefix of the hashes
--          a count of indexes, each its kind and key
--          a count of shapes, and for each:
--            subs     a count of sub-keys of the hash, and those
--            strings  a count of prefixes of keys of strings, and those
--            unset    a count of prefixes of keys that get no value, and those
--            values   the number of values of each object
--            entries  a count of index entries, each the number of its index, and the position of its text in the
--                     values
--            more     '1' if each object has more than these values
--          a count of runs of objects of one shape, each the number of the shape and the number of objects
--          for each object:
--            its primary key, unless it is minted
--            its values: of the hash, of the strings, and texts that only indexes keep
--            if it has more: a count of values of many members, each a prefix, the command that stores it, a count of
--            arguments, and those; a count of index entries, each the number of its index and the text
-- @requires call current_key index_kind key_from_template undo_with
-- @provides call_in_slices each_entry each_key read_objects read_shapes store_values

local ARGV = ARGV -- a local is faster to reach than the global one
local hash_prefix, indexes, shapes, runs

local function read_list(at, width)
  local list, count = {}, ARGV[at] * (width or 1)
  for number = 1, count do
    list[number] = ARGV[at + number]
  end
  return list, at + count + 1
end

local function read_shapes(at)
  hash_prefix, indexes, shapes = ARGV[at], {}, {}
  local count = tonumber(ARGV[at + 1])
  at = at + 2
  for number = 1, count do
    indexes[number] = { kind = index_kind(ARGV[at]), key = ARGV[at + 1] }
    at = at + 2
  end
  count = tonumber(ARGV[at])
  at = at + 1
  for number = 1, count do
    local shape = {}
    local subs
    subs, at = read_list(at)
    shape.pairs = {} -- the arguments of HSET, with room for the values
    for sub = 1, #subs do
      shape.pairs[2 * sub - 1], shape.pairs[2 * sub] = subs[sub], ''
    end
    shape.strings, at = read_list(at)
    shape.unset, at = read_list(at)
    shape.values, at = tonumber(ARGV[at]), at + 1
    shape.entries = {}
    for entry = 1, tonumber(ARGV[at]) do
      shape.entries[entry] = { index = indexes[tonumber(ARGV[at + 1])], value = tonumber(ARGV[at + 2]) - 1 }
      at = at + 2
    end
    shape.more, at = ARGV[at + 1] == '1', at + 2
    shapes[number] = shape
  end
  runs, at = read_list(at, 2)
  return at
end

-- Reads the objects: for each the primary key, if it is not minted, its shape, the position of its values, and the
-- position of what else it has. Also returns the position after all.
local function read_objects(at, minted)
  local objects, number = {}, 0
  for run = 1, #runs, 2 do
    local shape = shapes[tonumber(runs[run])]
    for _ = 1, runs[run + 1] do
      local first = minted and at or at + 1
      local object = { shape = shape, pk = not minted and ARGV[at], at = first, more = false }
      at = first + shape.values
      if shape.more then
        object.more = at
        local members = tonumber(ARGV[at])
        at = at + 1
        for _ = 1, members do
          at = at + 3 + ARGV[at + 2]
        end
        at = at + 1 + 2 * ARGV[at]
      end
      number = number + 1
      objects[number] = object
    end
  end
  return objects, at
end

-- Calls a command on a key in slices: Lua cannot unpack thousands of arguments at once. Slices are of whole pairs and
-- triples, as HSET and GEOADD take them. The function `undo`, if given, takes all of them back.
local function call_in_slices(command, key, list, first, last, undo)
  current_key = key
  for from = first, last, 996 do
    call(command, key, unpack(list, from, from + 995 < last and from + 995 or last))
    if undo and from == first then
      undo_with(undo, key)
    end
  end
end

-- Stores the values of an object, whose keys are free. The caller notes how to take that back.
local function store_values(object)
  local shape, at, pk = object.shape, object.at, object.pk
  local arguments, strings = shape.pairs, shape.strings
  if #arguments > 0 then
    for value = 2, #arguments, 2 do
      arguments[value] = ARGV[at]
      at = at + 1
    end
    call_in_slices('HSET', key_from_template(hash_prefix, pk), arguments, 1, #arguments)
  end
  for number = 1, #strings do
    current_key = key_from_template(strings[number], pk)
    call('SET', current_key, ARGV[at])
    at = at + 1
  end
  at = object.more
  for _ = 1, at and ARGV[at] or 0 do
    local last = at + 3 + ARGV[at + 3]
    call_in_slices(ARGV[at + 2], key_from_template(ARGV[at + 1], pk), ARGV, at + 4, last)
    at = last
  end
end

-- Calls a function with each key that an object may have.
local function each_key(object, found)
  local shape, pk = object.shape, object.pk
  found(key_from_template(hash_prefix, pk))
  for number = 1, #shape.strings do
    found(key_from_template(shape.strings[number], pk))
  end
  for number = 1, #shape.unset do
    found(key_from_template(shape.unset[number], pk))
  end
  local at = object.more
  for _ = 1, at and ARGV[at] or 0 do
    found(key_from_template(ARGV[at + 1], pk))
    at = at + 3 + ARGV[at + 3]
  end
end

-- Calls a function with each index entry of an object: the index, the text, and the number of the entry, counted from
-- 0.
local function each_entry(object, found)
  local entries = object.shape.entries
  for number = 1, #entries do
    local entry = entries[number]
    found(entry.index, ARGV[object.at + entry.value], number - 1)
  end
  local at = object.more
  if at then
    for _ = 1, ARGV[at] do
      at = at + 3 + ARGV[at + 3]
    end
    at = at + 1
    for number = 1, ARGV[at] do
      found(indexes[tonumber(ARGV[at + 2 * number - 1])], ARGV[at + 2 * number], number - 1)
    end
  end
end
