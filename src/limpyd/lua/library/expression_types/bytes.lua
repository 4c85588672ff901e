-- Bytes in expressions, as they are stored.
-- @requires expression_types text_type
-- @provides expression_types.bytes

function expression_types.bytes()
  return text_type()
end
