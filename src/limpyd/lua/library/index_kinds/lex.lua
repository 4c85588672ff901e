-- Index of texts in order: a sorted set of entries, each with its primary key, without scores.
-- @requires index_kinds make_sorted_sets
-- @provides index_kinds.lex

function index_kinds.lex()
  -- The terminator: no text can look like the end of another.
  local kind = make_sorted_sets().of_members(function(text, pk)
    return string.gsub(text, '%z', '\0\255') .. '\0\0' .. pk
  end, 0)
  function kind.split(member)
    local last = string.find(member, '\0\0', 1, true)
    if last then
      return string.gsub(string.sub(member, 1, last - 1), '%z\255', '\0'), string.sub(member, last + 2)
    end
    return nil, nil
  end
  return kind
end
