-- What all scripts share. A script makes its functions anew each time it runs, which costs more than many a write. So
-- the most frequent writes are tried first in a short way that needs none (lib/short_…). Where anything stands against it,
-- it takes back what it did, and the long way below it does the same again and tells why.

local call, try = redis.call, redis.pcall
local goes_on = false -- whether other scripts follow in the same step, so that all must be noted (see transaction.lua)
local is_last = false -- whether nothing comes after this one of them that could be refused
