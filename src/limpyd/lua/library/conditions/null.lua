-- Condition: no value in a field.
-- @requires call conditions everything_counted key_from_template scan_set
-- @provides conditions.null

function conditions.null(at)
  local prefix, stored, sub, index = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  local in_hash = stored == 'entry' or stored == 'hash'
  local everything = everything_counted()
  local function keep(pks)
    local kept = {}
    for number = 1, #pks do
      local key = key_from_template(prefix, pks[number])
      if (in_hash and call('HEXISTS', key, sub) or call('EXISTS', key)) == 0 then
        kept[#kept + 1] = pks[number]
      end
    end
    return kept
  end
  return {
    size = index ~= '' and math.max(0, everything - call('ZCARD', index)) or nil,
    cost = everything,
    everyone = true,
    keep = keep,
    list = function()
      return keep(call('SMEMBERS', KEYS[1]))
    end,
    scan = function(cursor, count)
      local pks, after, looked = scan_set(KEYS[1], cursor, count)
      return keep(pks), after, looked
    end,
  },
    at + 4
end
