-- Takes back commands that change some bytes of a string, or make it longer. The note in the journal is as small as the
-- change; the value is not copied.
-- @requires call current_key is_journaled journal journal_length undo_with
-- @provides track_patch

-- The bytes that operations of BITFIELD write: the first and last byte of each, counted from 0.
local function bytes_of_bitfield(first_arg, last_arg)
  local bytes, at = {}, first_arg
  while at <= last_arg do
    local operation = string.upper(ARGV[at])
    if operation == 'SET' or operation == 'INCRBY' then
      local width, by_width, offset = tonumber(string.sub(ARGV[at + 1], 2)), string.match(ARGV[at + 2], '^(#?)(%d+)$')
      local first_bit = offset and tonumber(offset) * (by_width == '#' and width or 1)
      if first_bit and width then
        bytes[#bytes + 1] = math.floor(first_bit / 8)
        bytes[#bytes + 1] = math.floor((first_bit + width - 1) / 8)
      end
    end
    at = at + (operation == 'OVERFLOW' and 2 or operation == 'GET' and 3 or 4)
  end
  return bytes
end

local function bytes_of(command, first_arg, last_arg)
  local offset = tonumber(ARGV[first_arg])
  if command == 'BITFIELD' then
    return bytes_of_bitfield(first_arg, last_arg)
  elseif command == 'SETBIT' and offset then
    return { math.floor(offset / 8), math.floor(offset / 8) }
  elseif command == 'SETRANGE' and offset then
    return { offset, offset + #ARGV[last_arg] - 1 }
  end
  return {}
end

-- Makes a string as long as it was before.
local function cut(key, length)
  if length == 'none' then
    call('DEL', key)
  elseif call('STRLEN', key) > length then
    call('SET', key, length > 0 and call('GETRANGE', key, 0, length - 1) or '', 'KEEPTTL')
  end
end

local lengths = {} -- by key: the position in the journal of the note of its length

-- Returns whether the first length of a string is noted; that note takes back all later growth.
local function length_noted(key)
  local at = lengths[key]
  return at and is_journaled(at, cut) and journal[at + 2] == key
end

-- Reads a string before the command; returns the function that notes how to take the command back. `from_start` if a
-- part of the notes may be played back alone.
local function track_patch(command, key, first_arg, last_arg, from_start)
  current_key = key
  local length, old = call('STRLEN', key), {}
  local existed = length > 0 or call('EXISTS', key) == 1
  local bytes = bytes_of(command, first_arg, last_arg)
  for at = 1, #bytes, 2 do
    if bytes[at] < length then
      old[#old + 1] = bytes[at]
      old[#old + 1] = call('GETRANGE', key, bytes[at], bytes[at + 1])
    end
  end
  return function()
    local grew = not existed or call('STRLEN', key) ~= length -- APPEND of '' creates a key
    if grew and (from_start or not length_noted(key)) then
      lengths[key] = journal_length
      undo_with(cut, key, existed and length or 'none')
    end
    for at = #old - 1, 1, -2 do
      undo_with('SETRANGE', key, old[at], old[at + 1])
    end
  end
end
