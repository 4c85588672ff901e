-- Owners of a number in an index of numbers.
-- @requires call index_owners
-- @provides index_owners.num

function index_owners.num()
  return {
    list = function(key, number)
      return call('ZRANGEBYSCORE', key, number, number)
    end,
    count = function(key, number)
      return call('ZCOUNT', key, number, number)
    end,
    some = function(key, number, most)
      return call('ZRANGEBYSCORE', key, number, number, 'LIMIT', 0, most)
    end,
  }
end
