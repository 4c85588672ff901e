-- Makes the types of texts.
-- @provides text_type

local LONGEST_TEXT = 512 * 1024 * 1024

local function text_type()
  return {
    zero = '',
    read = function(stored)
      return stored
    end,
    ['+'] = function(one, other)
      if #one + #other > LONGEST_TEXT then
        return nil, 'is longer than the 512 MB that Redis stores'
      end
      return one .. other
    end,
  }
end
