-- Commands that change some bytes of a string, or make it longer: what takes them back is as small as the change, and no
-- copy of the value is kept.
-- @requires call is_journaled journal journal_length subject_key undo_with
-- @provides track_patch

-- The bytes that operations of BITFIELD write to: first and last of each, in turn, counted from 0.
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

-- Makes a string as long as it was.
local function cut(key, length)
  if length == 'none' then
    call('DEL', key)
  elseif call('STRLEN', key) > length then
    call('SET', key, length > 0 and call('GETRANGE', key, 0, length - 1) or '', 'KEEPTTL')
  end
end

local lengths = {} -- by key: where in the journal it is noted how long it was

-- Returns whether its first length is noted, and is the last thing to be put back of what came after that.
local function length_noted(key)
  local at = lengths[key]
  return at and is_journaled(at, cut) and journal[at + 2] == key
end

-- Looks at a string before the command; gives what notes how to take that back. `from_start` if a part of what is noted
-- may be played back.
local function track_patch(command, key, first_arg, last_arg, from_start)
  subject_key = key
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
    local grew = not existed or call('STRLEN', key) ~= length -- APPEND of '' makes a key
    if grew and (from_start or not length_noted(key)) then
      lengths[key] = journal_length
      undo_with(cut, key, existed and length or 'none')
    end
    for at = #old - 1, 1, -2 do
      undo_with('SETRANGE', key, old[at], old[at + 1])
    end
  end
end
