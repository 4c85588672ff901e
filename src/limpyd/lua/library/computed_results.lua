-- Makes stored values of the results of expressions.
-- @requires compare_exact float_text
-- @provides stored_result

local function bounded(lowest, highest, reason)
  local shortest = math.min(#lowest, #highest) - 1
  return function(value)
    if #value < shortest or compare_exact(value, lowest) >= 0 and compare_exact(value, highest) <= 0 then
      return value
    end
    return nil, reason
  end
end

local WRITERS = {
  int = bounded('-9223372036854775808', '9223372036854775807', 'is beyond the integers of 64 bits'),
  timedelta = bounded('-86399999913600000000', '86399999999999999999', 'microseconds are more than a timedelta holds'),
  float = float_text,
}

-- Returns the text that is stored for a result of a type; nothing and the reason if it cannot be stored.
local function stored_result(kind, value)
  local write = WRITERS[kind]
  if write then
    return write(value)
  end
  return value
end
