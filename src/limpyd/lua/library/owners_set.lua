-- The set of the primary keys of all objects of the model whose indexes are written.
-- @provides owners_set

local owners_set = KEYS[1]
