-- Variables and functions of all scripts.
-- @provides call in_transaction is_last subject_key transform_request try

local call, try = redis.call, redis.pcall
local in_transaction = false -- whether other scripts follow in the same step, so that all must be noted (see transaction.lua)
local is_last = false -- whether nothing comes after this one of them that could be refused
local subject_key = false -- the key being worked on, for the message of an error
local transform_request = false -- the outcome, if only Python can transform some values (see library/forms)
