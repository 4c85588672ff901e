-- Owners of a text in an equality index by score.
-- @requires call index_owners
-- @provides index_owners.scored

function index_owners.scored()
  return {
    key_of = function(key, text)
      return key .. text
    end,
    list = function(key, text)
      return call('ZRANGE', key .. text, 0, -1)
    end,
    count = function(key, text)
      return call('ZCARD', key .. text)
    end,
    some = function(key, text, most)
      return call('ZRANGE', key .. text, 0, most - 1)
    end,
  }
end
