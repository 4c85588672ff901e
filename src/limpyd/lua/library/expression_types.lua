-- The types of the values of expressions. Each is a file in the folder lua/library/expression_types, which a script loads
-- when it first meets a value of that type. `expression_types.NAME()` returns a table:
--   read(stored)     the operand that a stored value is: a number for a float, else a text; false or nil if it is none
--   store(result)    the text that is stored for a result; or nothing and the reason why it cannot be stored. Without it
--                    that is the result itself
--   zero             the operand that a missing value counts as, if there is one
--   ['+'], ['-'], ['*']   the result of an operation on two operands, the first of which is of the type; or nothing and
--                    the reason why there is none
--   between          the duration between two operands of the type
-- @provides expression_types

local expression_types = {}
