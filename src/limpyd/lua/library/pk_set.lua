-- The set of primary keys of the model whose indexes are being written. (It tells if the owner of a unique value
-- exists.)
-- @provides pk_set

local pk_set = KEYS[1]
