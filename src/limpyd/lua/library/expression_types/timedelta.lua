-- Durations: numbers of microseconds.
-- @requires exact_type expression_types read_integer
-- @provides expression_types.timedelta

function expression_types.timedelta()
  return exact_type(read_integer, '-86399999913600000000', '86399999999999999999', 'microseconds are more than a timedelta holds')
end
