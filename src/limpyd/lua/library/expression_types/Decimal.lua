-- Decimals in expressions: exact numbers.
-- @requires exact_type expression_types
-- @provides expression_types.Decimal

function expression_types.Decimal()
  return exact_type()
end
