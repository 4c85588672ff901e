-- The owner of a text in an index of unique values.
-- @requires call index_owners
-- @provides index_owners.uniq

function index_owners.uniq()
  return {
    only_one = true,
    list = function(key, text)
      local owner = call('HGET', key, text)
      return owner and { owner } or {}
    end,
    count = function(key, text)
      return call('HEXISTS', key, text)
    end,
    of_all = function(key, texts, first, last)
      return call('HMGET', key, unpack(texts, first, last))
    end,
  }
end
