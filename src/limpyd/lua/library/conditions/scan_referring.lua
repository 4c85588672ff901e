-- Goes through the objects that refer to some others, in parts (see lua/library/conditions/via.lua).
-- @requires comes_before netstring scan_set
-- @provides scan_referring

local MAX_REFERRED = 100 -- the most objects of the other query that are found at once

local function netstrings(text, at)
  local found = {}
  while at <= #text do
    local colon = string.find(text, ':', at, true)
    local last = colon + tonumber(string.sub(text, at, colon - 1))
    found[#found + 1] = string.sub(text, colon + 1, last)
    at = last + 1
  end
  return found
end

-- The objects that refer to one object, from a position on.
local function referring_to(via, pk, cursor, count)
  if via.owners.in_set then
    return scan_set(via.owners.key_of(via.key, pk), cursor, count)
  end
  return via.owners.list(via.key, pk), ''
end

-- Of the objects that refer to an object, keeps those for which it is the first of the matching objects they refer to.
local function for_the_first_time(via, referred, pks)
  local met, references = via.met_by(pks)
  local kept = {}
  for at = 1, #pks do
    local first
    for _, pk in ipairs(references[at]) do
      if met[pk] and (not first or comes_before(pk, first)) then
        first = pk
      end
    end
    if not first or first == referred then
      kept[#kept + 1] = pks[at]
    end
  end
  return kept
end

-- A position is a list of netstrings: the position in the scan of the other query, '' at its end; the position among
-- the objects that refer to the first of some objects; and these objects.
local function scan_referring(via, cursor, count)
  local found, looked = {}, 0
  local outer, inner, waiting = '', '', {}
  if cursor ~= '' then
    local parts = netstrings(cursor, 2)
    outer, inner = parts[1], parts[2]
    waiting = { unpack(parts, 3) }
  end
  local number, started = 1, cursor ~= ''
  while looked < count do
    if not waiting[number] then
      if started and outer == '' then
        return found, '', looked
      end
      local scanned
      waiting, outer, scanned = via.scan(outer, math.min(MAX_REFERRED, count - looked))
      number, started = 1, true
      looked = looked + scanned
    else
      local pks, after, scanned = referring_to(via, waiting[number], inner, count - looked)
      looked = looked + 1 + (scanned or #pks)
      if via.met_by and #pks > 0 then
        pks = for_the_first_time(via, waiting[number], pks)
      end
      for at = 1, #pks do
        found[#found + 1] = pks[at]
      end
      inner, number = after, after == '' and number + 1 or number
    end
  end
  if outer == '' and not waiting[number] then
    return found, '', looked
  end
  local parts = { '>', netstring(outer), netstring(inner) }
  for at = number, #waiting do
    parts[#parts + 1] = netstring(waiting[at])
  end
  return found, table.concat(parts), looked
end
