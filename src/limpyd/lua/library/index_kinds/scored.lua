-- Equality index by score: sorted sets of primary keys. Their names are the key, then the text; an entry is
-- `<score>:<text>`.
-- @requires current_key index_kinds make_sorted_sets
-- @provides index_kinds.scored

function index_kinds.scored()
  local sorted_sets = make_sorted_sets()
  local function key_of(key, entry)
    return key .. string.match(entry, '^[^:]*:(.*)$')
  end
  return {
    type = 'zset',
    by_value = true,
    alike = true,
    key_of = key_of,
    compose = function(texts)
      return texts[2] .. ':' .. texts[1]
    end,
    add = function(key, entry, pk)
      current_key = key_of(key, entry)
      sorted_sets.set_score(current_key, string.match(entry, '^[^:]*'), pk)
    end,
    remove = function(key, entry, pk)
      current_key = key_of(key, entry)
      sorted_sets.take_out(current_key, entry, pk)
    end,
  }
end
