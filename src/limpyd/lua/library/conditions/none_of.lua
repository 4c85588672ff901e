-- The negation of a condition.
-- @requires as_set call combine everything_counted scan_set
-- @provides combine.none_of

function combine.none_of(node)
  local everything = everything_counted()
  local function keep(pks)
    local met, kept = as_set(2 * node.cost < #pks and node.list() or node.keep(pks)), {}
    for at = 1, #pks do
      if not met[pks[at]] then
        kept[#kept + 1] = pks[at]
      end
    end
    return kept
  end
  return {
    size = node.size and math.max(0, everything - node.size),
    cost = everything,
    value_count = node.value_count,
    everyone = true,
    left_out = node,
    lists = node.untestable,
    untestable = node.untestable,
    keep = keep,
    list = function()
      if node.set and not node.is_foreign then
        return call('SDIFF', KEYS[1], node.set)
      end
      return keep(call('SMEMBERS', KEYS[1]))
    end,
    scan = function(cursor, count)
      local pks, after, looked = scan_set(KEYS[1], cursor, count)
      return keep(pks), after, looked
    end,
  }
end
