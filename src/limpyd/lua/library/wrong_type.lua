-- Finds keys of another type than they should be, and makes the error of a reading script for one.
-- @provides in_hex mistyped_among wrong_type

local EXPECTED_TYPES = { G = 'string', H = 'hash', L = 'list', S = 'set', Z = 'zset' }

-- The key among the arguments of a command that is of another type than the command takes.
local function mistyped_among(arguments)
  local expected = EXPECTED_TYPES[string.sub(arguments[1] or '', 1, 1)]
  for at = 2, #arguments do
    local found = redis.pcall('TYPE', arguments[at]).ok -- in a cluster an argument that is no key has none
    if found and found ~= 'none' and found ~= expected then
      return arguments[at]
    end
  end
  return nil
end

-- Text in hexadecimal digits: a line of an error holds no other.
local function in_hex(text)
  return (string.gsub(text, '.', function(letter)
    return string.format('%02x', string.byte(letter))
  end))
end

local function wrong_type(key)
  return redis.error_reply('WRONGTYPE limpyd ' .. in_hex(key) .. ' ' .. redis.call('TYPE', key).ok)
end
