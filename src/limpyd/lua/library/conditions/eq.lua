-- Condition: membership in one set, or in one of several.
-- @requires ask_for call conditions scan_set
-- @provides conditions.eq

-- Condition: membership in one set, which the server can intersect with others. If its key was `read` on the server,
-- another chunk may read another key; so the position of a part has the key.
local function in_set(key, was_read)
  local size = call('SCARD', key)
  local function keep(pks)
    local replies, kept = ask_for('SMISMEMBER', key, pks), {}
    for at = 1, #replies do
      if replies[at] == 1 then
        kept[#kept + 1] = pks[at]
      end
    end
    return kept
  end
  return {
    size = size,
    cost = size,
    set = key,
    list = function()
      return call('SMEMBERS', key)
    end,
    keep = keep,
    scan = function(cursor, count)
      if string.byte(cursor) == 118 then -- the last of several values
        local pks, after, looked = scan_set(key, string.match(cursor, ';(.*)$'), count)
        return pks, after == '' and '' or 'v0;' .. after, looked
      elseif not was_read then
        return scan_set(key, cursor, count)
      end
      local before, other = string.match(cursor, '^(%d+) (.*)$')
      local pks, after, looked = scan_set(other or key, before or '', count)
      pks = (other or key) == key and pks or keep(pks)
      return pks, after == '' and '' or after .. ' ' .. (other or key), looked
    end,
  }
end

function conditions.eq(at)
  if ARGV[at + 1] == '1' and type(ARGV[at + 2]) == 'string' then
    return in_set(ARGV[at] .. ARGV[at + 2]), at + 3
  end
  -- @defers in_several_sets read_texts
  local texts, next_at, more, was_read = read_texts(at + 1)
  if #texts == 1 and not more then
    return in_set(ARGV[at] .. texts[1], was_read), next_at
  end
  return in_several_sets(ARGV[at], texts, more, was_read), next_at
end
