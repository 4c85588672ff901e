-- Texts in expressions, as they are stored.
-- @requires expression_types text_type
-- @provides expression_types.str

function expression_types.str()
  return text_type()
end
