-- Integers in expressions: exact numbers of 64 bits.
-- @requires exact_type expression_types read_integer
-- @provides expression_types.int

function expression_types.int()
  return exact_type(read_integer, '-9223372036854775808', '9223372036854775807', 'is beyond the integers of 64 bits')
end
