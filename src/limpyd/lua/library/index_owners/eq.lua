-- Owners of a text in an equality index.
-- @requires call index_owners
-- @provides index_owners.eq

function index_owners.eq()
  return {
    in_set = true,
    key_of = function(key, text)
      return key .. text
    end,
    list = function(key, text)
      return call('SMEMBERS', key .. text)
    end,
    count = function(key, text)
      return call('SCARD', key .. text)
    end,
    some = function(key, text, most)
      return call('SRANDMEMBER', key .. text, most)
    end,
    of_all = function(key, texts, first, last)
      local keys = {}
      for number = first, last do
        keys[#keys + 1] = key .. texts[number]
      end
      return call('SUNION', unpack(keys))
    end,
  }
end
