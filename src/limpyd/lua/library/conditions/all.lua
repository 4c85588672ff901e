-- Condition: every object.
-- @requires call conditions everything_counted scan_set
-- @provides conditions.all

function conditions.all(at)
  local key = KEYS[1]
  local size = everything_counted()
  return {
    size = size,
    cost = size,
    everyone = true,
    list = function()
      return call('SMEMBERS', key)
    end,
    keep = function(pks)
      return pks
    end,
    scan = function(cursor, count)
      return scan_set(key, cursor, count)
    end,
  },
    at
end
