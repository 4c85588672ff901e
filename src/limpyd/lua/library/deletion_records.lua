-- Records of deletions that concern other partitions too (see limpyd.deletions). Each begins with a token of eight bytes
-- and the time in milliseconds in six bytes.
--
-- Under `closing`, by primary key, the objects that a deletion has closed: the record ends with the hash tag, a NUL and
-- the primary key of the object that the closed one goes with; with nothing, if somebody deletes it itself. Under `tomb`
-- the objects that are gone, to which others may still refer: the record ends with the token of the deletion that
-- closed what goes with the object, or with nothing if it closed nothing. The token at the beginning is that of whoever
-- finishes the deletion now.
-- @requires call
-- @provides deletion_record record_parts

local now

local function deletion_record(token, rest)
  if not now then
    local time = call('TIME')
    now = time[1] * 1000 + math.floor(time[2] / 1000)
  end
  return token .. struct.pack('>I6', now) .. rest
end

-- Returns the token, how many milliseconds ago the record was made, and the rest; nothing of no record.
local function record_parts(record)
  if record then
    local time = call('TIME')
    local age = time[1] * 1000 + math.floor(time[2] / 1000) - struct.unpack('>I6', record, 9)
    return string.sub(record, 1, 8), age, string.sub(record, 15)
  end
end
