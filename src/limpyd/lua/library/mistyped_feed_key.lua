-- Finds a key of a feed of changes that is of another type than it should be.
-- @provides mistyped_feed_key

-- Returns the key of the stream, or that of the readers of a group, if it is.
local function mistyped_feed_key(stream, readers)
  for key, expected in pairs({ [stream] = 'stream', [readers] = 'hash' }) do
    local found = redis.call('TYPE', key).ok
    if found ~= 'none' and found ~= expected then
      return key
    end
  end
end
