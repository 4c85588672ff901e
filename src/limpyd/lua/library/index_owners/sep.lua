-- Owners of a text in an index of texts as limpyd 2 keeps them.
-- @requires call index_owners
-- @provides index_owners.sep

function index_owners.sep()
  local separator, after_separator = ':TEXT-RANGE-SEPARATOR:', ':TEXT-RANGE-SEPARATOR;'
  return {
    list = function(key, text)
      local beginning, owners = text .. separator, {}
      for _, member in ipairs(call('ZRANGEBYLEX', key, '[' .. beginning, '(' .. text .. after_separator)) do
        local pk = string.sub(member, #beginning + 1)
        -- Otherwise it is a longer value, which holds the separator itself.
        if not string.find(pk, separator, 1, true) then
          owners[#owners + 1] = pk
        end
      end
      return owners
    end,
    count = function(key, text)
      return call('ZLEXCOUNT', key, '[' .. text .. separator, '(' .. text .. after_separator)
    end,
  }
end
