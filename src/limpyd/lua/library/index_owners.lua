-- Owners of a text in an index, of the kinds that find them. Each is a file in the folder `index_owners`, which is read when a
-- script first asks for its kind. `index_owners.NAME()` returns:
--   list(key, text)         the primary keys of all of them
--   count(key, text)        how many they are, or a few more
--   some(key, text, most)   some of them, if that is less than to list them
--   of_all(key, texts, first, last)   those of several texts, by one command
--   key_of(key, text)       the key in which they are, if each text has its own
--   in_set                  whether that is a set
--   only_one                whether there is never more than one
-- @provides index_owners

local index_owners = {}
