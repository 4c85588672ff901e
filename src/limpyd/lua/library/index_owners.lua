-- The owners of a text in an index. Each kind that can find them is a file in the folder lua/library/index_owners,
-- which a script loads when it first asks for that kind. `index_owners.NAME()` returns a table:
--   list(key, text)         the primary keys of all owners
--   count(key, text)        their number, or a few more
--   some(key, text, most)   some of them, if that costs less than listing all
--   of_all(key, texts, first, last)   the owners of several texts, by one command
--   key_of(key, text)       the key that holds them, if each text has a key of its own
--   in_set                  true if that key is a set
--   only_one                true if a text never has more than one owner
-- @provides index_owners

local index_owners = {}
