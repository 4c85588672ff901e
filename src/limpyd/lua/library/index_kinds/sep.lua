-- Index of texts as limpyd 2 keeps them: a sorted set of `<entry>:TEXT-RANGE-SEPARATOR:<primary key>`, without scores.
-- @requires index_kinds make_sorted_sets
-- @provides index_kinds.sep

function index_kinds.sep()
  local kind = make_sorted_sets().of_members(function(text, pk)
    return text .. ':TEXT-RANGE-SEPARATOR:' .. pk
  end, 0)
  function kind.split(member)
    local text, pk = string.match(member, '^(.*):TEXT%-RANGE%-SEPARATOR:(.*)$')
    return text, pk
  end
  return kind
end
